#include "io/boot.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/limits.hpp"
#include "io/access.hpp"
#include "io/environment.hpp"
#include "io/worker_sources.hpp"

namespace clutch::io {
namespace {

namespace fs = std::filesystem;

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool runnable(const fs::path& path) { return ::access(path.c_str(), X_OK) == 0 && !fs::is_directory(path); }

// A link to a virtual environment's python is not followed: its place is how Python finds the environment.
std::string find_python(const std::string& wanted) {
  if (wanted.empty()) {
    const auto environment = environment_value("VIRTUAL_ENV");
    if (!environment.empty() && runnable(fs::path(environment) / "bin/python")) return environment + "/bin/python";
  }
  const std::string name = wanted.empty() ? "python3" : wanted;
  if (name.find('/') != std::string::npos) {
    if (runnable(name)) return fs::absolute(name).string();
    throw std::runtime_error("there is no Python to run at " + name +
                             ": set `python` to one that is, for instance that of a virtual environment");
  }
  const auto path = environment_value("PATH");
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find(':', at), path.size());
    const auto candidate = fs::path(path.substr(at, end - at)) / name;
    if (end != at && runnable(candidate)) return candidate.string();
    at = end + 1;
  }
  throw std::runtime_error("there is no `" + name + "` on PATH: install Python 3.11 or later, or set `python`");
}

std::vector<std::string> absolute_path(const std::vector<fs::path>& path) {
  std::vector<std::string> absolute;
  for (const auto& directory : path) {
    if (!fs::is_directory(directory)) {
      throw std::runtime_error("`path` names " + directory.string() + ", which is not a directory");
    }
    absolute.push_back(fs::canonical(directory).string());
  }
  return absolute;
}

std::vector<std::string> environment_of(const PoolOptions& options) {
  auto extra = options.env;
  // The worker takes these out again. Not -P, of which a Python that is too old knows nothing, and so could not say so.
  extra["PYTHONPATH"] = find_worker_sources().string();
  extra["PYTHONSAFEPATH"] = "1";
  if (options.library_threads != 0) {
    for (const char* name : {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS",
                             "BLIS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"}) {
      extra.try_emplace(name, std::to_string(options.library_threads));
    }
  }
  return worker_environment(extra, options.clean_env);
}

void write_strings(protocol::Writer& writer, const std::vector<std::string>& strings) {
  writer.array(strings.size());
  for (const auto& string : strings) writer.string(string);
}

bool read_text(protocol::Cursor& cursor, std::string& out) {
  std::string_view text;
  if (!cursor.string(text)) return false;
  out = text;
  return true;
}

bool read_function_field(protocol::Cursor& cursor, std::string_view key, core::Function& function) {
  std::string text;
  std::uint64_t number = 0;
  std::size_t count = 0;
  if (key == "name") return read_text(cursor, function.name) && function.name.size() <= limits::function_name_bytes_max;
  if (key == "signature") return read_text(cursor, function.signature);
  if (key == "doc") return read_text(cursor, function.doc);
  if (key == "limit") {
    if (!cursor.uint(number) || number > UINT32_MAX) return false;
    function.limit = static_cast<std::uint32_t>(number);
    return true;
  }
  if (key == "per") {
    if (!read_text(cursor, text) || (text != "worker" && text != "pool")) return false;
    function.limit_per_pool = text == "pool";
    return true;
  }
  if (key == "kind") {
    const auto kind = read_text(cursor, text) ? core::function_kind_from(text) : std::nullopt;
    if (!kind) return false;
    function.kind = *kind;
    return true;
  }
  if (key != "notes" || !cursor.array(count)) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!read_text(cursor, function.notes.emplace_back())) return false;
  }
  return true;
}

bool read_function(protocol::Cursor& cursor, core::Function& function) {
  std::size_t pairs = 0;
  if (!cursor.map(pairs)) return false;
  for (std::size_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!cursor.string(key) || !read_function_field(cursor, key, function)) return false;
  }
  return !function.name.empty();
}

}  // namespace

BootPlan::BootPlan(const PoolOptions& given)
    : python(find_python(given.python)),
      environment(environment_of(given)),
      path(absolute_path(given.path)),
      access(access_of(given)),
      options(given) {}

std::vector<std::string> BootPlan::command(const std::string& data, const std::string& control,
                                           std::uint64_t incarnation) const {
  return {python,
          "-m",
          "clutch_worker",
          "--data",
          data,
          "--control",
          control,
          "--incarnation",
          std::to_string(incarnation)};
}

void BootPlan::write_config(protocol::Writer& writer, core::Time setup_by) const {
  const auto key = [&writer](std::string_view name) { writer.string(name); };
  writer.map(9);
  key("modules");
  write_strings(writer, options.modules);
  key("path");
  write_strings(writer, path);
  key("concurrency");
  writer.uint(options.concurrency);
  key("threads");
  writer.uint(options.threads);
  key("payload_bytes_max");
  writer.uint(limits::payload_bytes_max);
  key("pool");
  writer.string(options.name);
  key("setup_by");
  writer.uint(wire_time(setup_by));
  key("grace_ms");
  writer.uint(
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(options.cancel_grace).count()));
  key("uvloop");
  writer.boolean(options.uvloop);
}

std::optional<core::Registration> read_registration(const protocol::Record& record) {
  core::Registration registration;
  std::size_t count = 0;
  protocol::Cursor functions(record.field[0]);
  if (!functions.array(count) || count > limits::functions_max) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    if (!read_function(functions, registration.functions.emplace_back())) return std::nullopt;
  }
  protocol::Cursor left_out(record.field[1]);
  if (!left_out.array(count)) return std::nullopt;
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t two = 0;
    auto& entry = registration.left_out.emplace_back();
    if (!left_out.array(two) || two != 2 || !read_text(left_out, entry.name) || !read_text(left_out, entry.why)) {
      return std::nullopt;
    }
  }
  return registration;
}

}  // namespace clutch::io
