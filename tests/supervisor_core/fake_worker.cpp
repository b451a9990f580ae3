#include <algorithm>

#include "fake_pool.hpp"

namespace clutch::core::test {

void FakeWorker::registers(const Registration& registration) {
  registered_ = registration;
  pool_.core().on_registered(id_, Incarnation{incarnation}, registration, pool_.now);
  pool_.flush();
}

void FakeWorker::fails_to_boot(const std::string& message) {
  Error error;
  error.code = Code::failed;
  error.stage = Stage::import;
  error.certainty = Certainty::started;  // a worker's word about itself: must not reach a call that never ran
  error.message = message;
  pool_.core().on_boot_failed(id_, Incarnation{incarnation}, std::move(error), pool_.now);
  exits(1);
}

void FakeWorker::shows(const TestCall& call) {
  const auto& run = received(call);
  auto& cell = page[static_cast<std::size_t>(run.execution)];
  cell = std::max(cell, run.seq);
}

void FakeWorker::begins(const TestCall& call) {
  shows(call);
  says_begun(page[0], page[1]);
}

void FakeWorker::says_begun(std::uint64_t loop, std::uint64_t thread) {
  pool_.core().on_begun(id_, Incarnation{incarnation}, loop, thread, pool_.now);
  pool_.flush();
}

// As it was told in RUN; what it was not sent it can only make up.
CallId FakeWorker::executes(const TestCall& call) const { return has(call) ? received(call).call : call.id.value(); }

void FakeWorker::returns(const TestCall& call, std::string_view value) {
  Reply reply;
  reply.body = Blob(std::as_bytes(std::span(value.data(), value.size())));
  pool_.core().on_result(id_, Incarnation{incarnation}, executes(call), std::move(reply), pool_.now);
  pool_.flush();
}

void FakeWorker::yields(const TestCall& call, std::uint32_t count, std::size_t bytes) {
  const auto first = yielded_[call.tag];
  yielded_[call.tag] += count;
  says_items(call, first, count, bytes);
}

void FakeWorker::says_items(const TestCall& call, std::uint64_t first, std::uint32_t count, std::size_t bytes) {
  shows(call);
  StreamItems items;
  items.first = first;
  items.count = count;
  items.body = Blob(std::vector<std::byte>(bytes));
  pool_.core().on_items(id_, Incarnation{incarnation}, executes(call), std::move(items), pool_.now);
  pool_.flush();
}

void FakeWorker::says_flawed_items(const TestCall& call, std::uint32_t count) {
  StreamItems items;
  items.first = yielded_[call.tag];
  items.count = count;
  yielded_[call.tag] += count;
  Error error;
  error.code = Code::invalid_argument;
  error.stage = Stage::result;
  error.certainty = Certainty::started;
  pool_.core().on_flawed_items(id_, Incarnation{incarnation}, executes(call), items, std::move(error), pool_.now);
  pool_.flush();
}

void FakeWorker::says_end(const TestCall& call, std::uint64_t items) {
  shows(call);
  pool_.core().on_end(id_, Incarnation{incarnation}, executes(call), items, pool_.now);
  pool_.flush();
}

void FakeWorker::raises(const TestCall& call, Code code) {
  Error error;
  error.code = code;
  error.stage = Stage::run;
  error.certainty = Certainty::started;
  error.message = "ValueError";
  pool_.core().on_error(id_, Incarnation{incarnation}, executes(call), std::move(error), pool_.now);
  pool_.flush();
}

void FakeWorker::passes_over(const TestCall& call, Code code) {
  shows(call);
  Error error;
  error.code = code;
  error.stage = Stage::queue;
  error.certainty = Certainty::not_started;
  error.message = "passed over";
  pool_.core().on_error(id_, Incarnation{incarnation}, executes(call), std::move(error), pool_.now);
  pool_.flush();
}

void FakeWorker::answers_ping(std::uint64_t n) {
  pool_.core().on_pong(id_, Incarnation{incarnation}, n, pool_.now);
  pool_.flush();
}

void FakeWorker::dies(int signal, const std::string& python_stack) {
  end({.signal = signal, .status = 0, .python_stack = python_stack, .said = {}});
}
void FakeWorker::exits(int status) { end({.signal = 0, .status = status, .python_stack = {}, .said = {}}); }

void FakeWorker::end(const Exit& exit) {
  pool_.core().on_page(id_, Incarnation{incarnation}, page[0], page[1], pool_.now);
  pool_.core().on_exited(id_, Incarnation{incarnation}, exit, pool_.now);
  pool_.flush();
}

bool FakeWorker::has(const TestCall& call) const {
  return std::any_of(received_.begin(), received_.end(), [&](const auto& run) { return run.tag == call.tag; });
}

const FakeWorker::Received& FakeWorker::received(const TestCall& call) const {
  const auto at =
      std::find_if(received_.begin(), received_.end(), [&](const auto& run) { return run.tag == call.tag; });
  if (at == received_.end()) throw std::logic_error("this worker has no RUN of call " + std::to_string(call.tag));
  return *at;
}

std::vector<std::uint64_t> FakeWorker::tags() const {
  std::vector<std::uint64_t> tags;
  for (const auto& run : received_) tags.push_back(run.tag);
  return tags;
}

char FakeWorker::cancel_of(const TestCall& call) const {
  const auto at = cancels_.find(received(call).seq);
  return at == cancels_.end() ? '\0' : at->second;
}

StreamCredit FakeWorker::credit_of(const TestCall& call) const {
  const auto& run = received(call);
  const auto at = credits_.find(run.seq);
  return at == credits_.end() ? run.stream.value() : at->second;
}

const Worker& FakeWorker::core() const { return *pool_.core().workers().at(id_.value); }

}  // namespace clutch::core::test
