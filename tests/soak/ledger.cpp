#include "ledger.hpp"

#include <fstream>

namespace clutch::soak {

void Verdict::blame(std::uint64_t& count, std::string what) {
  constexpr std::size_t shown_max = 20;
  ++count;
  if (faults.size() < shown_max) faults.push_back(std::move(what));
}

void Verdict::add(const Verdict& other) {
  calls += other.calls;
  lost += other.lost;
  doubled += other.doubled;
  wrong += other.wrong;
  ran += other.ran;
  for (const auto& [code, count] : other.outcomes) outcomes[code] += count;
  faults.insert(faults.end(), other.faults.begin(), other.faults.end());
}

Ended::Ended(const Error& error) : code(error.code), certainty(error.certainty), attempts(error.attempts) {
  if (error.code != Code::unavailable && error.code != Code::overloaded && error.code != Code::failed)
    message = error.message;
}

int Ledger::open(const char* what, int runs_max) {
  const std::lock_guard lock(mutex_);
  entries_.push_back({what, runs_max, {}});
  return static_cast<int>(entries_.size());
}

void Ledger::close(int number, Ended ended) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[static_cast<std::size_t>(number) - 1];
  answered_ += entry.outcomes++ == 0 ? 1 : 0;
  entry.ended = std::move(ended);
}

std::size_t Ledger::unanswered() const {
  const std::lock_guard lock(mutex_);
  return entries_.size() - answered_;
}

std::map<int, int> times_ran(const std::string& path) {
  std::map<int, int> ran;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) ++ran[std::stoi(line)];
  return ran;
}

void Ledger::judge(Verdict& verdict, const std::string& call, const Entry& entry, int ran) {
  const auto& ended = *entry.ended;
  ++verdict.outcomes[ended.code ? std::string(to_string(*ended.code)) : "value"];
  if (!ended.code) {
    if (!ended.right) verdict.blame(verdict.wrong, call + " gave another call's value");
    if (ran == 0) verdict.blame(verdict.wrong, call + " gave a value and never ran");
    return;
  }
  // Of a call that was tried again the certainty is that of its last attempt.
  const bool once = entry.runs_max == 1 || ended.attempts == 1;
  if (ended.certainty == Certainty::not_started && ran != 0 && once)
    verdict.blame(verdict.wrong, call + " ran and is said not to have: " + ended.message);
  if (ended.certainty == Certainty::started && ran == 0)
    verdict.blame(verdict.wrong, call + " never ran and is said to have: " + ended.message);
  if (*ended.code == Code::internal) verdict.blame(verdict.wrong, call + " met a defect: " + ended.message);
}

Verdict Ledger::reconcile() const {
  const auto ran = times_ran(path_);
  const std::lock_guard lock(mutex_);
  Verdict verdict;
  verdict.calls = entries_.size();
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto& entry = entries_[i];
    const int number = static_cast<int>(i) + 1;
    const auto call = "call " + std::to_string(number) + " (" + entry.what + ")";
    const auto found = ran.find(number);
    const int times = found == ran.end() ? 0 : found->second;
    verdict.ran += static_cast<std::uint64_t>(times);
    if (times > entry.runs_max) verdict.blame(verdict.doubled, call + " ran " + std::to_string(times) + " times");
    if (entry.outcomes > 1) verdict.blame(verdict.doubled, call + " has two outcomes");
    if (entry.outcomes == 0)
      verdict.blame(verdict.lost, call + " has no outcome");
    else
      judge(verdict, call, entry, times);
  }
  return verdict;
}

}  // namespace clutch::soak
