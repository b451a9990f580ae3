#include "e2e/support.hpp"

#include <stdlib.h>

#include <fstream>
#include <thread>

#include "support/paths.hpp"

namespace clutch::e2e {

PoolOptions shop_options(std::uint32_t workers) {
  PoolOptions options;
  options.modules = {"shop"};
  options.path = {test::source_directory() / "tests/e2e/python"};
  options.python = test::python().string();
  options.workers = workers;
  return options;
}

Pool start(PoolOptions options) { return Pool::start(std::move(options)).value(); }

const Pool& shared_pool() {
  static const Pool pool = start(shop_options());
  return pool;
}

Scratch::Scratch() {
  std::string name = (std::filesystem::temp_directory_path() / "clutch-e2e-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

Scratch::~Scratch() { std::filesystem::remove_all(path_); }

std::vector<std::string> Scratch::lines(const std::string& name) const {
  std::vector<std::string> lines;
  std::ifstream file(path_ / name);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

bool eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

LogSink Records::sink() {
  return [kept = kept_](const LogRecord& record) {
    const std::lock_guard lock(kept->mutex);
    kept->records.push_back(record);
  };
}

std::vector<LogRecord> Records::all() const {
  const std::lock_guard lock(kept_->mutex);
  return kept_->records;
}

std::optional<LogRecord> Records::find(const std::string& text) const {
  const std::lock_guard lock(kept_->mutex);
  for (const auto& record : kept_->records) {
    if (record.text.find(text) != std::string::npos) return record;
  }
  return std::nullopt;
}

}  // namespace clutch::e2e
