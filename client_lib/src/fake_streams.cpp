#include "fake_streams.hpp"

#include <algorithm>

#include "clutch/detail/receipt_state.hpp"

namespace clutch::testing::detail {

using clutch::detail::CallRef;
using clutch::detail::CallState;
using clutch::detail::Outcome;

struct FakeStreams::Stream {
  CallRef call;
  Generator generator;
  Step first;
  StreamCredit made = {};
  // Under the lock.
  bool running = false;  // on one thread
  bool again = false;    // something changed meanwhile
  const char* cancelled = nullptr;
  std::vector<CallRef> receipts = {};
};

namespace {

// An array of one.
StreamItems batch_of(std::uint64_t first, Reply&& item) {
  std::vector<std::byte> body{std::byte{0x91}};
  const auto bytes = item.body.bytes();
  body.insert(body.end(), bytes.begin(), bytes.end());
  for (PayloadFrame& frame : item.frames) frame.place = std::uint32_t{0};
  return {first, 1, Blob(body), std::move(item.frames)};
}

}  // namespace

Error cancelled_error(Certainty certainty, const char* why) {
  Error error;
  error.code = Code::cancelled;
  error.stage = certainty == Certainty::not_started ? Stage::queue : Stage::run;
  error.certainty = certainty;
  error.message = why;
  return error;
}

void FakeStreams::start(CallRef call, Generator generator, Step first) {
  const auto stream = std::make_shared<Stream>(Stream{std::move(call), std::move(generator), std::move(first)});
  {
    const std::lock_guard lock(mutex_);
    streams_.push_back(stream);
    stream->running = true;
    // A cancel that came before it was here found nothing.
    if (stream->call->cancel_requested()) stream->cancelled = "the caller cancelled";
  }
  run(stream);
}

FakeStreams::StreamRef FakeStreams::find(CallState& call) const {
  const auto at =
      std::find_if(streams_.begin(), streams_.end(), [&](const StreamRef& one) { return one->call.get() == &call; });
  return at == streams_.end() ? nullptr : *at;
}

// With the lock held. Whether the caller is the one to run it.
bool FakeStreams::claim(Stream& stream) {
  if (stream.running) stream.again = true;
  return !std::exchange(stream.running, true);
}

void FakeStreams::on_credit(CallState& call) {
  StreamRef stream;
  {
    const std::lock_guard lock(mutex_);
    stream = find(call);
    if (stream == nullptr || !claim(*stream)) return;
  }
  run(stream);
}

bool FakeStreams::cancel(CallState& call, CallRef receipt) {
  StreamRef stream;
  {
    const std::lock_guard lock(mutex_);
    stream = find(call);
    if (stream == nullptr) return false;
    stream->cancelled = "the caller cancelled";
    if (receipt) stream->receipts.push_back(std::move(receipt));
    if (!claim(*stream)) return true;
  }
  run(stream);
  return true;
}

void FakeStreams::end() {
  std::vector<StreamRef> idle;
  {
    const std::lock_guard lock(mutex_);
    for (const StreamRef& stream : streams_) {
      stream->cancelled = "the pool ended";
      if (claim(*stream)) idle.push_back(stream);
    }
  }
  for (const StreamRef& stream : idle) run(stream);
}

std::size_t FakeStreams::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

void FakeStreams::run(const StreamRef& stream) {
  while (true) {
    const char* cancelled = nullptr;
    {
      const std::lock_guard lock(mutex_);
      cancelled = stream->cancelled;
    }
    if (cancelled != nullptr) return finish(stream, cancelled_error(Certainty::started, cancelled), true);
    if (!has_room(*stream)) {
      if (pause(*stream)) return;
      continue;
    }
    Step step = stream->first ? std::exchange(stream->first, std::nullopt) : stream->generator();
    if (!step) return finish(stream, Reply{}, false);
    if (auto* error = std::get_if<Error>(&*step)) return finish(stream, std::move(*error), false);
    StreamItems items = batch_of(stream->made.items, std::move(std::get<Reply>(*step)));
    stream->made.items += 1;
    stream->made.bytes += items.bytes();
    stream->call->stream()->push(std::move(items));
  }
}

bool FakeStreams::has_room(const Stream& stream) const {
  const StreamCredit credit = stream.call->stream()->credit();
  return stream.made.items < credit.items && stream.made.bytes < credit.bytes;
}

bool FakeStreams::pause(Stream& stream) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(stream.again, false)) return false;
  stream.running = false;
  return true;
}

void FakeStreams::finish(const StreamRef& stream, Outcome outcome, bool cancelled) {
  std::vector<CallRef> receipts;
  {
    const std::lock_guard lock(mutex_);
    std::erase(streams_, stream);
    receipts.swap(stream->receipts);
  }
  if (auto* error = std::get_if<Error>(&outcome)) error->items = stream->made.items;
  stream->call->complete(std::move(outcome));
  for (const CallRef& receipt : receipts) {
    give_receipt(receipt, CancelReceipt{.what = cancelled ? CancelEnd::unwound : CancelEnd::already_finished});
  }
}

}  // namespace clutch::testing::detail
