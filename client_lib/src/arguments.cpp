#include "clutch/detail/arguments.hpp"

namespace clutch::detail {
namespace {

constexpr std::size_t kept_bytes_max = 1u << 20;

struct Scratch {
  std::optional<Writer> writer{std::in_place};
  bool busy = false;
};

Scratch& scratch() noexcept {
  thread_local Scratch scratch;
  return scratch;
}

}  // namespace

ArgumentWriter::ArgumentWriter(std::size_t positional, std::size_t keywords)
    : borrowed_(!std::exchange(scratch().busy, true)),
      writer_(borrowed_ ? *scratch().writer : own_.emplace()),
      keywords_(keywords) {
  writer_.clear();
  writer_.out_.array(positional);
}

ArgumentWriter::~ArgumentWriter() {
  if (!borrowed_) return;
  Scratch& lent = scratch();
  if (writer_.size() > kept_bytes_max) lent.writer.emplace();
  lent.busy = false;
}

void ArgumentWriter::end_positional() {
  in_keywords_ = true;
  request_.args = writer_.blob();
  if (keywords_ == 0) return;
  writer_.clear();
  writer_.out_.map(keywords_);
}

void ArgumentWriter::begin_keyword(std::string_view name) {
  if (!in_keywords_) end_positional();
  name_ = name;
  writer_.path_.restart(1);
  writer_.string(name);
}

std::optional<Error> ArgumentWriter::finish() {
  if (!in_keywords_) end_positional();
  if (keywords_ != 0) request_.kwargs = writer_.blob();
  const std::size_t bytes = request_.bytes();
  if (bytes <= limits::payload_bytes_max) return std::nullopt;
  return argument_error("the arguments take " + std::to_string(bytes) + " bytes; at most " +
                        std::to_string(limits::payload_bytes_max) + " cross in one call");
}

Error ArgumentWriter::error(std::string_view what) const {
  const std::string which = in_keywords_ ? "'" + std::string(name_) + "'" : std::to_string(position_ + 1);
  return argument_error("argument " + which + ": " + std::string(what));
}

std::optional<std::string_view> duplicate(std::span<const std::string_view> names) noexcept {
  for (std::size_t i = 1; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return names[i];
    }
  }
  return std::nullopt;
}

Error argument_error(std::string message) {
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::arguments;
  error.certainty = Certainty::not_started;
  error.message = std::move(message);
  return error;
}

}  // namespace clutch::detail
