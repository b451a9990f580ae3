#include "soak.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <thread>

#include "load.hpp"
#include "support/paths.hpp"

namespace clutch::soak {

using namespace std::chrono_literals;
using daemon_test::Daemon;

namespace {

constexpr std::size_t in_flight = 60;
constexpr std::size_t client_queue = 30;  // short, so that an outage fills it
// Of the allocator's arenas one more may come later than the warm-up; a leak grows with the faults.
constexpr std::size_t maps_slack = 24;
constexpr std::size_t daemon_rss_slack_kib = 64 * 1024;

// What must have been seen. A code that the pool learns is a word here.
constexpr const char* outcomes_wanted[] = {
    "value",      "failed",      "invalid_argument", "not_found",       "deadline_exceeded", "cancelled",
    "overloaded", "unavailable", "worker_lost",      "connection_lost", "quarantined"};

PoolOptions pool_options() {
  PoolOptions options;
  options.modules = {"soaked", "ledger"};
  options.path = {test::source_directory() / "tests/soak/python", test::source_directory() / "tests/e2e/python"};
  options.python = test::python().string();
  options.workers = 3;
  options.attempt_timeout = 10s;
  options.cancel_grace = 500ms;
  options.log = [](const LogRecord&) {};
  return options;
}

std::string daemon_config() {
  return "[pool.main]\nworkers = 3\nmodules = [\"soaked\", \"ledger\"]\nattempt_timeout = \"10s\"\ncancel_grace = "
         "\"500ms\"\npath "
         "= [\"" +
         (test::source_directory() / "tests/soak/python").string() + "\", \"" +
         (test::source_directory() / "tests/e2e/python").string() + "\"]\npython = \"" + test::python().string() +
         "\"\n";
}

class Soak {
 public:
  explicit Soak(const Plan& plan)
      : plan_(plan),
        daemon_(daemon_config()),
        pool_(Pool::start(pool_options()).value()),
        client_(daemon_.connect(
            {.name = "soak", .connect_timeout = 1s, .queued_calls_max = client_queue, .log = [](const LogRecord&) {}})),
        chaos_(pool_, daemon_, client_, wanted_) {
    loads_[0].emplace(pool_, daemon_.scratch() / "ran-pool", plan.seed * 2);
    loads_[1].emplace(client_, daemon_.scratch() / "ran-daemon", plan.seed * 2 + 1);
  }

  bool run() {
    warm_up();
    const auto begin = std::chrono::steady_clock::now();
    std::thread faults([this, begin] { fire_all(begin); });
    while (!faults_over_) turn();
    faults.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    const bool quiet = come_to_rest();
    std::printf("\nseed %llu, %lld s, %d rounds of faults\n", static_cast<unsigned long long>(plan_.seed),
                static_cast<long long>(std::chrono::duration_cast<std::chrono::seconds>(took).count()), rounds_);
    const bool calls = print_calls();
    const bool faults_fired = print_faults();
    const bool clean = print_usage();
    if (!quiet) std::printf("it did not come to rest\n");
    std::printf("%s\n", quiet && calls && faults_fired && clean ? "passed" : "FAILED");
    return quiet && calls && faults_fired && clean;
  }

 private:
  struct Watched {
    const char* name;
    Usage before;
  };

  void turn() {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      auto& load = *loads_[i];
      const auto take = [i](auto& wanted) { return wanted[i] > 0 && wanted[i]-- > 0; };
      if (take(wanted_.crashes)) load.crash();
      if (take(wanted_.leaves)) load.leave();
      if (take(wanted_.blocks)) load.block(0.7);
      if (take(wanted_.poisons)) load.poison();
      load.turn(in_flight);
    }
    std::this_thread::sleep_for(3ms);
  }

  // What is made once is made: threads, arenas, a nursery's successor.
  void warm_up() {
    for (auto& load : loads_) load->one_of_each();
    static_cast<void>(chaos_.fire({Kind::kill_worker, false, 0ms, 0ms, 0}));
    static_cast<void>(chaos_.fire({Kind::kill_worker, true, 0ms, 0ms, 0}));
    static_cast<void>(chaos_.fire({Kind::client_leaves, true, 0ms, 0ms, 1}));
    static_cast<void>(chaos_.fire({Kind::kill_nursery, false, 0ms, 0ms, 0}));
    static_cast<void>(chaos_.fire({Kind::kill_nursery, true, 0ms, 0ms, 0}));
    for (int i = 0; i < 500; ++i) turn();
    static_cast<void>(come_to_rest());
    before_ = {usage_of(::getpid()), usage_of(daemon_.process().pid())};
    chaos_.forget_fired();
  }

  void fire_all(std::chrono::steady_clock::time_point begin) {
    Schedule schedule(plan_.seed);
    while (rounds_ < plan_.rounds || std::chrono::steady_clock::now() - begin < plan_.seconds) {
      for (const auto& fault : schedule.next_round()) {
        const bool fired = chaos_.fire(fault);
        std::printf("%s%s\n", describe(fault).c_str(), fired ? "" : ": found nobody");
        std::fflush(stdout);
      }
      ++rounds_;
    }
    faults_over_ = true;
  }

  // Every call has its outcome, and what came of it is gone.
  bool come_to_rest() {
    const bool answered = daemon_test::eventually(
        [&] { return loads_[0]->ledger().unanswered() + loads_[1]->ledger().unanswered() == 0; });
    return answered && all_ready();
  }

  // As many processes as at first: one host with a daemon, two nurseries, twice three workers; and all idle.
  bool all_ready() {
    constexpr std::size_t processes = 1 + 2 * (1 + 3);
    return daemon_test::eventually([&] {
      const auto workers = pool_.workers();
      const bool ready = std::all_of(workers.begin(), workers.end(),
                                     [](const auto& each) { return each.state == "ready" && each.in_flight == 0; });
      return ready && usage_of(::getpid()).processes == processes;
    });
  }

  bool print_calls() {
    Verdict all = chaos_.visitors();
    for (auto& load : loads_) all.add(load->ledger().reconcile());
    std::printf("\ncalls %llu, of which %llu ran\n", static_cast<unsigned long long>(all.calls),
                static_cast<unsigned long long>(all.ran));
    for (const auto& [code, count] : all.outcomes)
      std::printf("  %-20s %8llu\n", code.c_str(), static_cast<unsigned long long>(count));
    bool seen = true;
    for (const auto* code : outcomes_wanted) {
      if (all.outcomes.contains(code)) continue;
      seen = false;
      std::printf("  %-20s never seen\n", code);
    }
    std::printf("  lost %llu   doubled %llu   false %llu\n", static_cast<unsigned long long>(all.lost),
                static_cast<unsigned long long>(all.doubled), static_cast<unsigned long long>(all.wrong));
    for (const auto& fault : all.faults) std::printf("  %s\n", fault.c_str());
    return seen && all.lost + all.doubled + all.wrong == 0;
  }

  bool print_faults() {
    std::printf("\nfaults%27s%8s\n", "fired", "least");
    bool enough = true;
    for (const auto& shape : shapes) {
      const auto found = chaos_.fired().find(shape.name);
      const int fired = found == chaos_.fired().end() ? 0 : found->second;
      const int least = std::max(1, shape.a_round * rounds_ / 2);
      enough = enough && fired >= least;
      std::printf("  %-22s %8d%8d%s\n", std::string(shape.name).c_str(), fired, least,
                  fired < least ? "  too few" : "");
    }
    return enough;
  }

  bool print_usage() {
    const Usage now[] = {settled(::getpid(), before_[0]), settled(daemon_.process().pid(), before_[1])};
    const char* names[] = {"host", "daemon"};
    std::printf("\nleaked%18s%16s%16s%16s%20s\n", "descriptors", "threads", "maps", "processes", "KiB");
    bool clean = true;
    for (int i = 0; i < 2; ++i) {
      const auto& was = before_[static_cast<std::size_t>(i)];
      clean = clean && !grew(was, now[i]);
      std::printf("  %-12s%5zu -> %-3zu%7zu -> %-3zu%6zu -> %-4zu%6zu -> %-3zu%9zu -> %zu\n", names[i], was.descriptors,
                  now[i].descriptors, was.threads, now[i].threads, was.maps, now[i].maps, was.processes,
                  now[i].processes, was.rss_kib, now[i].rss_kib);
    }
    // The host's grows with its ledger.
    const bool flat = now[1].rss_kib <= before_[1].rss_kib + daemon_rss_slack_kib;
    if (!flat) std::printf("  the daemon's memory grew by more than %zu KiB\n", daemon_rss_slack_kib);
    return clean && flat && daemon_ends();
  }

  bool daemon_ends() {
    daemon_.process().signal(SIGTERM);
    const int status = daemon_.process().wait();
    if (status != 0) std::printf("  the daemon ended with %d\n", status);
    return status == 0;
  }

  static bool grew(const Usage& was, const Usage& now) {
    return now.descriptors > was.descriptors || now.threads > was.threads || now.maps > was.maps + maps_slack ||
           now.processes > was.processes;
  }
  static Usage settled(pid_t process, const Usage& was) {
    static_cast<void>(daemon_test::eventually([&] { return !grew(was, usage_of(process)); }));
    return usage_of(process);
  }

  const Plan plan_;
  Daemon daemon_;
  Pool pool_;
  Client client_;
  Wanted wanted_;
  Chaos chaos_;
  std::array<std::optional<Load>, 2> loads_;
  std::array<Usage, 2> before_;
  std::atomic<bool> faults_over_ = false;
  int rounds_ = 0;
};

}  // namespace

bool soak(const Plan& plan) { return Soak(plan).run(); }

}  // namespace clutch::soak
