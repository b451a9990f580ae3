// Reads one table of a TOML file into a struct, key by key; a key that nobody asked for is an error with a suggestion.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "daemon/config.hpp"

namespace clutch::daemon {

class ConfigTable {
 public:
  /// `name` is how messages call it: "", "log", "pool.default". The table must outlive this.
  ConfigTable(const toml::table& table, std::string name) : table_(table), name_(std::move(name)) {}

  void read(std::string_view key, std::string& out);
  void read(std::string_view key, std::uint32_t& out, std::uint32_t least);
  void read(std::string_view key, std::uint64_t& out, std::uint64_t least = 0);
  void read(std::string_view key, bool& out);
  void read(std::string_view key, std::chrono::nanoseconds& out);
  void read(std::string_view key, std::vector<std::string>& out);
  void read(std::string_view key, std::map<std::string, std::string>& out);
  void read(std::string_view key, std::vector<std::vector<std::uint32_t>>& out);
  /// nullptr where there is none.
  [[nodiscard]] const toml::table* table(std::string_view key);
  /// After the last read: throws for a key that was not asked for.
  void refuse_others() const;

  /// Throws ConfigError: "FILE:LINE: `pool.default.workers` …".
  [[noreturn]] void fail(std::string_view key, const std::string& what) const;
  [[nodiscard]] std::string full_name(std::string_view key) const;

 private:
  [[nodiscard]] const toml::node* find(std::string_view key);

  const toml::table& table_;
  std::string name_;
  std::vector<std::string_view> known_;
};

}  // namespace clutch::daemon
