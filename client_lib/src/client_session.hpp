// A client's side of its link to a daemon: HELLO, the table of calls, windows both ways, liveness, what becomes of
// calls when the link is lost. Pure: messages and times go in, messages and outcomes come out; no socket, no clock, no
// thread.
//
//   state      | event                   -> state      | what is done
//   -----------+-------------------------------------+----------------------------------------------------
//   idle       | on_link                 -> greeting   | HELLO
//   greeting   | WELCOME                 -> open       | what is queued is sent
//   greeting   | REFUSED                 -> idle       | what is queued ends as `unavailable`, with the daemon's reason
//   greeting, open | the link is lost, BYE, REFUSED, no answer to PING -> idle | what was sent ends as
//   `connection_lost`; what
//              |                                        | is queued waits for the next link, until give_up()
//   any        | close                   -> closed     | everything ends as `cancelled`; BYE
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "clutch/options.hpp"
#include "clutch/protocol/limits.hpp"
#include "clutch/protocol/records.hpp"
#include "core/pace.hpp"
#include "io/zmq_context.hpp"

namespace clutch::detail {

struct SessionOptions {
  std::string name;
  std::uint64_t pid = 0;
  std::size_t queued_calls_max = limits::queued_calls_max;
  std::size_t queued_bytes_max = limits::queued_bytes_max;
  std::size_t window = limits::client_window_bytes;  ///< of replies
};

/// One call as the session takes it.
struct SessionCall {
  using Time = std::chrono::steady_clock::time_point;

  std::uint64_t tag = 0;  ///< comes back with the outcome
  std::string function;
  Request request;
  Time deadline = Time::max();
  Time queue_deadline = Time::max();
  std::optional<std::chrono::nanoseconds> attempt_timeout;
  std::uint64_t attempt = 1;
  Blob metadata;
  std::string pool;
  std::string idempotency_key;
  Priority priority = Priority::normal;
  bool detached = false;
  std::optional<StreamCredit> stream;  ///< it is one; what its reader has room for so far
};

class ClientSession {
 public:
  using Time = SessionCall::Time;
  using Outcome = std::variant<Reply, Error>;
  struct Ended {
    std::uint64_t tag = 0;
    Outcome outcome;
  };
  struct Answered {
    std::uint64_t n = 0;
    Outcome value;
  };
  struct Items {
    std::uint64_t tag = 0;
    StreamItems items;
  };
  struct Receipt {
    std::uint64_t receipt = 0;
    std::variant<CancelReceipt, Error> what;
  };
  enum class State : std::uint8_t { idle, greeting, open, closed };

  explicit ClientSession(SessionOptions options) : options_(std::move(options)) {}

  // From the program. The name of a call is its number, unless it was answered at once.
  std::optional<std::uint64_t> submit(SessionCall&& call, Time now);
  /// `receipt` comes back with what became of it; 0: none is wanted.
  void cancel(std::uint64_t number, std::uint64_t receipt = 0);
  void credit(std::uint64_t number, StreamCredit credit);
  void detach(std::uint64_t number);
  /// The answer comes back under the number that this gives.
  std::uint64_t query(std::string what, Time now);
  /// As query(); `arguments` is an encoded map. An answer that says what went wrong comes back as that Error.
  std::uint64_t command(std::string name, Blob arguments, Time now);
  /// Everything ends; what is detached runs on in the daemon.
  void close();

  // From the link.
  /// A new link, on which nothing was sent yet.
  void on_link(Time now);
  void on_message(const io::ReceivedMessage& message, Time now);
  void on_link_lost(const std::string& why);
  /// No daemon was found for too long: what is queued ends as `unavailable`, and so does what comes until the next
  /// link.
  void give_up(Error why);

  void on_time(Time now);
  [[nodiscard]] Time next_time() const noexcept;

  /// The next message to send, valid until the next call of this; false where there is none now.
  [[nodiscard]] bool next_message(protocol::Span& envelope, std::vector<Bytes>& frames, Time now);

  [[nodiscard]] State state() const noexcept { return state_; }
  /// Why the last link ended; a reader takes it as the reason of a failed connect.
  [[nodiscard]] const std::optional<Error>& refusal() const noexcept { return refusal_; }
  /// To be taken before ended(): what came before an end.
  [[nodiscard]] std::vector<Items>& items() noexcept { return items_; }
  [[nodiscard]] std::vector<Ended>& ended() noexcept { return ended_; }
  [[nodiscard]] std::vector<Receipt>& receipts() noexcept { return receipts_; }
  [[nodiscard]] std::vector<Answered>& answered() noexcept { return answered_; }
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }
  [[nodiscard]] std::size_t queued() const noexcept { return queued_; }
  /// At most about twice as many as there are calls.
  [[nodiscard]] std::size_t timers() const noexcept { return timers_.size(); }

 private:
  struct Entry {
    SessionCall call;  // its request only until it is sent
    bool sent = false;
    bool cancelled = false;
    bool credit_due = false;
    std::uint64_t items = 0;  // of a stream, that came
    std::uint64_t item_bytes = 0;
  };
  struct Timed {
    Time at;
    std::uint64_t number = 0;
    friend bool operator>(const Timed& a, const Timed& b) noexcept { return a.at > b.at; }
  };
  struct Cancel {
    std::uint64_t receipt = 0;
    std::uint64_t number = 0;
  };
  struct Query {
    std::uint64_t n = 0;
    std::string what;
    std::optional<Blob> arguments;  // it is a COMMAND
  };
  struct Asked {
    std::uint64_t n = 0;
    bool command = false;
  };
  using Calls = std::unordered_map<std::uint64_t, Entry>;

  // client_session.cpp
  [[nodiscard]] std::optional<Error> refusal_of(const SessionCall& call, Time now) const;
  void end(Calls::iterator at, Outcome&& outcome);
  void end_unsent(Error error);
  void expire(std::uint64_t number, Time now);
  [[nodiscard]] static Time due_of(const Entry& entry) noexcept;
  void set_timer(std::uint64_t number, const Entry& entry);
  void forget_timers();
  void count_queued(const Entry& entry, bool queued);
  void tick(Time now);
  std::uint64_t ask(Query&& query, Time now);

  // client_session_link.cpp
  void on_record(const protocol::Record& record, const io::ReceivedMessage& message, Time now);
  void on_welcome(const protocol::Record& record);
  void on_refused(const protocol::Record& record);
  void on_result(const protocol::Record& record, const io::ReceivedMessage& message);
  void on_error(const protocol::Record& record);
  void on_answer(const protocol::Record& record);
  void on_bye();
  void on_violation(const std::string& what);
  void write_hello();
  void write_controls();
  [[nodiscard]] bool call_fits(const Entry& entry, const std::vector<Bytes>& frames) const noexcept;
  void write_call(std::uint64_t number, Entry& entry, std::vector<Bytes>& frames);

  // client_session_streams.cpp
  [[nodiscard]] Calls::iterator stream_of(const protocol::Record& record, std::string_view what);
  void on_item(const protocol::Record& record, const io::ReceivedMessage& message);
  void on_end(const protocol::Record& record);
  void on_receipt(const protocol::Record& record);
  void fail_receipts(const Error& error);
  void write_credits();

  SessionOptions options_;
  State state_ = State::idle;
  std::uint64_t boot_ = 0;
  std::optional<Error> refusal_;
  std::optional<Error> given_up_;
  bool greeted_ = false;  // HELLO was handed out
  bool bye_ = false;      // is to be handed out

  Calls calls_;
  std::deque<std::uint64_t> unsent_;  // in order; those that are over are passed by
  std::uint64_t last_number_ = 0;
  std::size_t queued_ = 0;
  std::size_t queued_bytes_ = 0;
  core::Pace pace_;            // of what is sent
  std::vector<Timed> timers_;  // a heap; those of calls that are over stay in it until they are more than the others

  std::vector<Cancel> cancels_;
  std::unordered_set<std::uint64_t> awaited_receipts_;
  std::vector<std::uint64_t> credits_;
  std::vector<std::uint64_t> detaches_;
  std::deque<Query> queries_;  // not sent; commands too
  std::vector<Asked> asked_;   // sent, not answered
  std::uint64_t last_query_ = 0;

  std::uint64_t window_ = limits::client_window_bytes;
  std::size_t payload_bytes_max_ = limits::payload_bytes_max;
  std::uint64_t sent_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t received_ = 0;
  std::uint64_t window_said_ = 0;

  // Liveness: silent_ ticks of a second each went by with nothing heard while calls were under way.
  Time tick_at_ = Time::max();
  int silent_ = 0;
  std::uint64_t pings_ = 0;
  bool ping_ = false;
  std::optional<std::uint64_t> pong_;

  protocol::Envelope envelope_;
  protocol::Message message_;
  std::vector<Items> items_;
  std::vector<Ended> ended_;
  std::vector<Receipt> receipts_;
  std::vector<Answered> answered_;
};

}  // namespace clutch::detail
