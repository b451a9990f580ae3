// The engine behind clutch::Client: a ClientSession and its link, stepped by LoopEngine; makes a new link when one is
// lost.
#pragma once

#include <condition_variable>
#include <unordered_map>

#include "client_link.hpp"
#include "client_session.hpp"
#include "clutch/client.hpp"
#include "loop_engine.hpp"

namespace clutch::detail {

class ClientEngine final : public LoopEngine {
 public:
  ClientEngine(std::string endpoint, ClientOptions options);
  ~ClientEngine() override;

  /// Connects; returns when the daemon has answered, or what is wrong.
  [[nodiscard]] std::optional<Error> start();
  /// Any thread but the loop's. Idempotent.
  void stop();
  /// Any thread. The call ends with the daemon's answer.
  void query(CallRef call, std::string what);
  void command(CallRef call, std::string name, Blob arguments);

 private:
  std::optional<std::uint64_t> start_attempt(Attempt&&, Time now) override;
  void cancel_attempt(std::uint64_t name, std::uint64_t receipt, Time now) override;
  void credit_attempt(std::uint64_t name, StreamCredit credit, Time now) override;
  void detach_attempt(std::uint64_t name) override;
  void flush(Time now) override;
  void turn(Time now) override;
  [[nodiscard]] bool has_mail() override;
  [[nodiscard]] Time next_time(Time now) const override;
  void on_retry(const std::string& what) override;

  void ask(CallRef call, std::function<std::uint64_t()> question);
  void open_link(Time now);
  void drop_link(Time now);
  void receive(Time now);
  void look_after_link(Time now);
  void send(Time now);
  void deliver();
  void publish();
  [[nodiscard]] Time after_connect_timeout(Time now) const;
  void note(LogLevel level, const std::string& text) const;

  std::string endpoint_;
  ClientOptions options_;
  std::unique_ptr<io::ZmqContext> context_;
  std::unique_ptr<ClientLink> link_;
  ClientSession session_;
  bool link_failed_ = false;       // a send failed
  Time retry_at_ = Time::max();    // no link: when the next is tried
  Time greet_by_ = Time::max();    // when the daemon must have answered HELLO
  Time give_up_at_ = Time::max();  // no daemon by then: calls need not wait
  bool given_up_ = false;          // and none since
  std::chrono::nanoseconds backoff_{};
  std::string last_failure_;
  std::unordered_map<std::uint64_t, CallRef> queries_;
  io::ReceivedMessage received_;
  std::vector<Bytes> frames_;
  std::vector<ClientSession::Ended> ended_;

  enum class Life : std::uint8_t { connecting, connected, failed, closed };
  std::mutex life_mutex_;
  std::condition_variable life_changed_;
  Life life_ = Life::connecting;
  std::optional<Error> failure_;
  bool stopped_ = false;
};

}  // namespace clutch::detail
