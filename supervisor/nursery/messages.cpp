#include "messages.hpp"

#include <csignal>
#include <cstring>
#include <type_traits>

namespace clutch::nursery {
namespace {

struct Header {
  std::uint32_t magic = message_magic;
  std::uint32_t kind = 0;
  std::uint64_t incarnation = 0;
  std::int32_t a = 0;
  std::int32_t b = 0;
  std::int32_t c = 0;
  std::uint32_t text_bytes = 0;
};
static_assert(sizeof(Header) == 32 && std::has_unique_object_representations_v<Header>);

enum Kind : std::uint32_t { spawn = 1, kill_tree, shutdown, ready, spawned, spawn_failed, exited };

struct Encoder {
  Header header;
  std::string_view text;

  void operator()(const Spawn& m) { header.kind = spawn, header.incarnation = m.incarnation; }
  void operator()(const KillTree& m) { header.kind = kill_tree, header.incarnation = m.incarnation; }
  void operator()(const Shutdown&) { header.kind = shutdown; }
  void operator()(const Ready&) { header.kind = ready; }
  void operator()(const Spawned& m) { header.kind = spawned, header.incarnation = m.incarnation, header.a = m.pid; }
  void operator()(const SpawnFailed& m) {
    header.kind = spawn_failed, header.incarnation = m.incarnation, header.a = m.error;
    text = std::string_view(m.text).substr(0, error_text_bytes_max);
    header.text_bytes = static_cast<std::uint32_t>(text.size());
  }
  void operator()(const Exited& m) {
    header.kind = exited, header.incarnation = m.incarnation;
    header.a = m.signal, header.b = m.exit_code, header.c = m.core_dumped ? 1 : 0;
  }
};

bool valid(const Exited& m, std::int32_t core) {
  if (m.signal < 0 || m.signal >= NSIG || core < 0 || core > 1) return false;
  return m.signal == 0 ? m.exit_code >= 0 && m.exit_code <= 255 && core == 0 : m.exit_code == 0;
}

std::optional<Message> build(const Header& h, std::string_view text) {
  switch (h.kind) {
    case spawn:
      return Spawn{h.incarnation};
    case kill_tree:
      return KillTree{h.incarnation};
    case shutdown:
      return Shutdown{};
    case ready:
      return Ready{};
    case spawned:
      if (h.a <= 0) return std::nullopt;
      return Spawned{h.incarnation, h.a};
    case spawn_failed:
      if (h.a <= 0) return std::nullopt;
      return SpawnFailed{h.incarnation, h.a, std::string(text)};
    case exited: {
      const Exited message{h.incarnation, h.a, h.b, h.c != 0};
      if (!valid(message, h.c)) return std::nullopt;
      return message;
    }
    default:
      return std::nullopt;
  }
}

constexpr std::uint32_t with_credentials = 1;
constexpr std::uint32_t with_no_new_privs = 2;

class RequestWriter {
 public:
  void number(std::size_t value) {
    const auto narrow = static_cast<std::uint32_t>(value);
    bytes_.append(reinterpret_cast<const char*>(&narrow), sizeof narrow);
  }
  void string(const std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class RequestReader {
 public:
  explicit RequestReader(std::string_view bytes) : rest_(bytes) {}

  std::uint32_t number() {
    std::uint32_t value = 0;
    if (rest_.size() < sizeof value) return fail();
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string string() {
    const std::uint32_t size = number();
    if (size > rest_.size()) {
      fail();
      return {};
    }
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && rest_.empty(); }

 private:
  std::uint32_t fail() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

bool has_nul(const std::string& value) { return value.find('\0') != std::string::npos; }

bool valid(const WorkerRequest& request) {
  if (request.argv.empty() || request.argv[0].empty() || has_nul(request.working_directory)) return false;
  for (const std::string& argument : request.argv)
    if (has_nul(argument)) return false;
  for (const std::string& entry : request.environment) {
    const std::size_t equals = entry.find('=');
    if (has_nul(entry) || equals == std::string::npos || equals == 0) return false;
  }
  for (const std::uint32_t cpu : request.cpus)
    if (cpu > cpu_max) return false;
  const auto& credentials = request.access.credentials;
  return request.access.limits.size() <= limits_max && (!credentials || credentials->groups.size() <= groups_max);
}

}  // namespace

std::string encode(const Message& message) {
  Encoder encoder;
  std::visit(encoder, message);
  std::string bytes(reinterpret_cast<const char*>(&encoder.header), sizeof encoder.header);
  return bytes.append(encoder.text);
}

std::optional<Message> decode(std::string_view bytes) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::string_view text = bytes.substr(sizeof header);
  if (header.magic != message_magic || header.text_bytes != text.size() || text.size() > error_text_bytes_max)
    return std::nullopt;
  std::optional<Message> message = build(header, text);
  // Whatever the message has no field for must be 0: exactly what `encode` gives, or nothing.
  if (message && encode(*message) != bytes) return std::nullopt;
  return message;
}

std::size_t fds_of(const Message& message) {
  if (std::holds_alternative<Spawn>(message)) return spawn_fds;
  return std::holds_alternative<Spawned>(message) ? 1 : 0;
}

std::optional<std::string> encode_request(const WorkerRequest& request) {
  if (!valid(request)) return std::nullopt;
  std::size_t bytes = request.working_directory.size();
  for (const std::string& argument : request.argv) bytes += argument.size() + sizeof(std::uint32_t);
  for (const std::string& entry : request.environment) bytes += entry.size() + sizeof(std::uint32_t);
  if (bytes > request_bytes_max - 8192 - request.cpus.size() * sizeof(std::uint32_t)) return std::nullopt;

  RequestWriter writer;
  writer.number(message_magic);
  writer.number(request.argv.size());
  writer.number(request.environment.size());
  writer.number(request.cpus.size());
  const auto& access = request.access;
  const Credentials credentials = access.credentials.value_or(Credentials{});
  writer.number(access.limits.size());
  writer.number(credentials.groups.size());
  writer.number((access.credentials ? with_credentials : 0u) | (access.no_new_privs ? with_no_new_privs : 0u));
  writer.number(credentials.user);
  writer.number(credentials.group);
  writer.string(request.working_directory);
  for (const std::string& argument : request.argv) writer.string(argument);
  for (const std::string& entry : request.environment) writer.string(entry);
  for (const std::uint32_t cpu : request.cpus) writer.number(cpu);
  for (const ResourceLimit& limit : access.limits) {
    writer.number(limit.resource);
    writer.number(limit.value & UINT32_MAX);
    writer.number(limit.value >> 32);
  }
  for (const std::uint32_t group : credentials.groups) writer.number(group);
  return writer.take();
}

std::optional<WorkerRequest> decode_request(std::string_view bytes) {
  if (bytes.size() > request_bytes_max) return std::nullopt;
  RequestReader reader(bytes);
  const std::uint32_t magic = reader.number();
  const std::uint32_t arguments = reader.number();
  const std::uint32_t entries = reader.number();
  const std::uint32_t cpus = reader.number();
  const std::uint32_t limits = reader.number();
  const std::uint32_t groups = reader.number();
  const std::uint32_t flags = reader.number();
  Credentials credentials;
  credentials.user = reader.number();
  credentials.group = reader.number();
  if (!reader.ok() || magic != message_magic || flags > (with_credentials | with_no_new_privs)) return std::nullopt;
  const bool credentials_given = (flags & with_credentials) != 0;
  if (!credentials_given && (groups != 0 || credentials.user != 0 || credentials.group != 0)) return std::nullopt;

  // The loops end at the first failed read, so that a false count costs no more than the bytes that are there.
  WorkerRequest request;
  request.working_directory = reader.string();
  for (std::uint32_t i = 0; i < arguments && reader.ok(); ++i) request.argv.push_back(reader.string());
  for (std::uint32_t i = 0; i < entries && reader.ok(); ++i) request.environment.push_back(reader.string());
  for (std::uint32_t i = 0; i < cpus && reader.ok(); ++i) request.cpus.push_back(reader.number());
  for (std::uint32_t i = 0; i < limits && reader.ok(); ++i) {
    ResourceLimit limit{.resource = reader.number()};
    limit.value = reader.number();
    limit.value |= std::uint64_t{reader.number()} << 32;
    request.access.limits.push_back(limit);
  }
  for (std::uint32_t i = 0; i < groups && reader.ok(); ++i) credentials.groups.push_back(reader.number());
  if (credentials_given) request.access.credentials = std::move(credentials);
  request.access.no_new_privs = (flags & with_no_new_privs) != 0;
  if (!reader.finished() || !valid(request)) return std::nullopt;
  return request;
}

}  // namespace clutch::nursery
