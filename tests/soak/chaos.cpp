#include "chaos.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <thread>

#include "daemon/raw_peer.hpp"
#include "load.hpp"
#include "usage.hpp"

namespace clutch::soak {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t visitor_calls = 30;

// Bytes for the daemon's socket that are not even ZMTP; it may hang up before they are all sent.
void send_raw(const std::string& endpoint, std::uint64_t random) {
  const auto path = endpoint.substr(std::strlen("ipc://"));
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    std::mt19937_64 bytes(random);
    for (int i = 0; i < 64; ++i) {
      const auto word = bytes();
      static_cast<void>(::send(socket, &word, sizeof word, MSG_NOSIGNAL | MSG_DONTWAIT));
    }
    std::this_thread::sleep_for(20ms);
  }
  ::close(socket);
}

}  // namespace

bool Chaos::fire(const Fault& fault) {
  std::this_thread::sleep_for(fault.before);
  for (int i = 0; i < 5; ++i) {
    if (strike(fault)) {
      ++fired_[shape_of(fault.kind).name];
      return true;
    }
    std::this_thread::sleep_for(200ms);
  }
  return false;
}

bool Chaos::strike(const Fault& fault) {
  switch (fault.kind) {
    case Kind::kill_worker:
      return kill_worker(fault);
    case Kind::crash:
      return ++wanted_.crashes[fault.daemon ? 1 : 0] != 0;
    case Kind::system_exit:
      return ++wanted_.leaves[fault.daemon ? 1 : 0] != 0;
    case Kind::block_loop:
      return ++wanted_.blocks[fault.daemon ? 1 : 0] != 0;
    case Kind::stop_worker:
      return stop(ready_worker(fault.daemon), fault.lasts);
    case Kind::kill_nursery:
      return kill_nursery(fault);
    case Kind::kill_daemon:
    case Kind::outage:
      return restart_daemon(fault);
    case Kind::stop_daemon:
      return stop(daemon_.process().pid(), fault.lasts);
    case Kind::kill_client:
      return kill_client(fault);
    case Kind::client_leaves:
      return client_leaves(fault);
    case Kind::poison:
      return poison(fault.daemon);
    case Kind::reload:
      return reload(fault.daemon);
    case Kind::drain_daemon:
      return drain_daemon(fault);
    case Kind::garbage:
      return garbage(fault);
  }
  return false;
}

pid_t Chaos::nursery(bool of_the_daemon) const {
  if (!of_the_daemon) return pool_.nursery_pid();
  const auto children = children_of(daemon_.process().pid());
  return children.empty() ? 0 : children.front();
}

// Whoever answers this is ready; that it is still that nursery's child is looked at, for a pid may have a new owner.
pid_t Chaos::ready_worker(bool of_the_daemon) const {
  const Caller& caller = of_the_daemon ? static_cast<const Caller&>(client_) : pool_;
  const auto pid = caller.with({.timeout = 3s}).call<int>("ledger.pid").get();
  const auto parent = nursery(of_the_daemon);
  if (!pid.ok() || parent == 0) return 0;
  const auto workers = children_of(parent);
  return std::find(workers.begin(), workers.end(), pid.value()) == workers.end() ? 0 : pid.value();
}

bool Chaos::kill_worker(const Fault& fault) {
  const auto worker = ready_worker(fault.daemon);
  if (worker == 0) return false;
  std::this_thread::sleep_for(std::chrono::microseconds(fault.random % 5000));
  return ::kill(worker, SIGKILL) == 0;
}

bool Chaos::stop(pid_t process, std::chrono::milliseconds lasts) {
  if (process == 0 || ::kill(process, SIGSTOP) != 0) return false;
  std::this_thread::sleep_for(lasts);
  ::kill(process, SIGCONT);
  return true;
}

// Not while its workers start: three boots that fail in a row rightly fail a pool.
bool Chaos::kill_nursery(const Fault& fault) {
  if (ready_worker(fault.daemon) == 0) return false;
  const auto parent = nursery(fault.daemon);
  return parent != 0 && ::kill(parent, SIGKILL) == 0;
}

bool Chaos::restart_daemon(const Fault& fault) {
  daemon_.process().signal(SIGKILL);
  daemon_.process().wait();
  std::this_thread::sleep_for(fault.lasts);
  daemon_.start_again();
  return true;
}

// Its last word comes when no call is left, and it ends by itself.
bool Chaos::drain_daemon(const Fault& fault) {
  const auto done = client_.command("drain").get();
  const int status = daemon_.process().wait();
  std::this_thread::sleep_for(fault.lasts / 4);
  daemon_.start_again();
  return done.ok() && status == 0;
}

// A crash of a call may end the worker that is to take over: then the old one serves on, and it is tried again.
bool Chaos::reload(bool of_the_daemon) {
  if (ready_worker(of_the_daemon) == 0) return false;
  if (!of_the_daemon) return pool_.reload().ok();
  const auto done = client_.command("reload", {{Value("pool"), Value("main")}}).get();
  const auto* pools = done.ok() ? done.value().find("pools") : nullptr;
  const auto* array = pools != nullptr ? pools->get_if<Value::Array>() : nullptr;
  return array != nullptr && array->size() == 1 && *array->front().find("reloaded") == Value(true);
}

bool Chaos::poison(bool of_the_daemon) {
  if (of_the_daemon) {
    static_cast<void>(client_.command("lift", {{Value("fingerprint"), Value("all")}}).get());
  } else {
    static_cast<void>(pool_.lift_quarantine("all"));
  }
  return ++wanted_.poisons[of_the_daemon ? 1 : 0] != 0;
}

// What it was told is gone with it; that nothing ran twice is not.
bool Chaos::kill_client(const Fault& fault) {
  const auto path = daemon_.scratch() / ("visitor-" + std::to_string(++visits_));
  {
    const daemon_test::Process visitor(
        {"/proc/self/exe", "--visitor", daemon_.endpoint(), path, std::to_string(fault.random)}, path + ".log");
    if (!visitor.says("connected")) return false;
    std::this_thread::sleep_for(fault.lasts / 4);
  }
  for (const auto& [number, times] : times_ran(path)) {
    constexpr int attempts_max = 3;
    ++visitors_.calls;
    ++visitors_.outcomes["(caller killed)"];
    if (times > attempts_max) visitors_.blame(visitors_.doubled, "call " + std::to_string(number) + " of " + path);
  }
  return true;
}

bool Chaos::client_leaves(const Fault& fault) {
  const auto path = daemon_.scratch() / ("visitor-" + std::to_string(++visits_));
  std::shared_ptr<Ledger> ledger;
  {
    auto client = Client::connect(daemon_.endpoint(), {.name = "leaves"});
    if (!client) return false;
    Load load(client.value(), path, fault.random);
    ledger = load.share_ledger();
    for (int i = 0; i < 10; ++i) load.turn(visitor_calls);
    std::this_thread::sleep_for(fault.lasts / 10);
  }
  // Callbacks may still be under way on the client's own thread, which outlives it that long.
  static_cast<void>(daemon_test::eventually([&] { return ledger->unanswered() == 0; }));
  visitors_.add(ledger->reconcile());
  return true;
}

bool Chaos::garbage(const Fault& fault) {
  std::mt19937_64 random(fault.random);
  for (int peer = 0; peer < 5; ++peer) {
    daemon_test::RawPeer raw(daemon_.endpoint());
    if (peer % 2 == 0) raw.hello();
    std::vector<daemon_test::Bytes> parts(1 + random() % 3);
    for (auto& part : parts) {
      part.resize(random() % 200);
      for (auto& byte : part) byte = static_cast<std::byte>(random());
    }
    raw.send(parts);
    static_cast<void>(raw.refusal(200));
  }
  send_raw(daemon_.endpoint(), fault.random);
  return true;
}

void visit(const std::string& endpoint, const std::string& path, std::uint64_t seed) {
  auto client = Client::connect(endpoint, {.name = "visitor"});
  if (!client) std::_Exit(1);
  static_cast<void>(!::write(STDOUT_FILENO, "connected\n", 10));
  Load load(client.value(), path, seed);
  for (;;) {
    load.turn(visitor_calls);
    std::this_thread::sleep_for(1ms);
  }
}

}  // namespace clutch::soak
