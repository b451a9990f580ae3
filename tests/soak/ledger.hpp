// What was called and what became of it, held in the end against the file in which each call that ran wrote its number.
#pragma once

#include <clutch/result.hpp>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace clutch::soak {

/// How a call ended, as its caller saw it.
struct Ended {
  /// A value, the one that this call must give or not.
  explicit Ended(bool is_right) : right(is_right) {}
  explicit Ended(const Error& error);

  std::optional<Code> code;
  Certainty certainty = Certainty::started;
  std::uint64_t attempts = 1;
  bool right = true;
  std::string message;  ///< of what is worth a look: there are millions
};

struct Verdict {
  std::uint64_t calls = 0;
  std::map<std::string, std::uint64_t> outcomes;  ///< by code; "value"
  std::uint64_t lost = 0;                         ///< without an outcome
  std::uint64_t doubled = 0;                      ///< two outcomes, or ran more often than allowed
  std::uint64_t wrong = 0;                        ///< an outcome that is not true
  std::uint64_t ran = 0;
  std::vector<std::string> faults;  ///< the first of them, in words

  void add(const Verdict& other);
  void blame(std::uint64_t& count, std::string what);
};

/// Any thread.
class Ledger {
 public:
  explicit Ledger(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The number of a call that may run so often.
  int open(const char* what, int runs_max = 1);
  void close(int number, Ended ended);
  [[nodiscard]] std::size_t unanswered() const;
  /// Once all is quiet.
  [[nodiscard]] Verdict reconcile() const;

 private:
  struct Entry {
    const char* what;
    int runs_max = 1;
    std::optional<Ended> ended;
    int outcomes = 0;
  };
  static void judge(Verdict&, const std::string& call, const Entry&, int ran);

  const std::string path_;
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // by number - 1
  std::size_t answered_ = 0;
};

/// How often each number is in the file.
[[nodiscard]] std::map<int, int> times_ran(const std::string& path);

}  // namespace clutch::soak
