#include "worker_trace.hpp"

namespace clutch::simulation {
namespace {

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

template <class... Number>
std::string numbers(Number... number) {
  std::string text;
  ((text += "," + std::to_string(number)), ...);
  return text;
}

std::string record(const ReplyRecord& reply) {
  const auto head = [&reply](std::string_view name) { return "[" + quoted(name) + numbers(reply.call.value); };
  if (const auto* error = std::get_if<Error>(&reply.what)) {
    return head("ERROR") + "," + quoted(to_string(error->code)) + "," + quoted(to_string(error->stage)) + "," +
           quoted(to_string(error->certainty)) + "]";
  }
  if (const auto* items = std::get_if<ItemsRecord>(&reply.what)) {
    return head("ITEM") + numbers(items->first, items->count, items->bytes) + "]";
  }
  if (const auto* end = std::get_if<EndRecord>(&reply.what)) return head("END") + numbers(end->items) + "]";
  return head("RESULT") + numbers(std::get<std::uint64_t>(reply.what)) + "]";
}

}  // namespace

WorkerTrace::WorkerTrace(std::uint64_t seed, core::Incarnation incarnation, const Plan& plan,
                         const core::Registration& registration, Time start)
    : start_(start) {
  head_ = "{\"seed\":" + std::to_string(seed) + ",\"incarnation\":" + std::to_string(incarnation.value) +
          ",\"concurrency\":" + std::to_string(plan.options.concurrency) +
          ",\"threads\":" + std::to_string(plan.options.threads) +
          ",\"grace_ns\":" + std::to_string(plan.options.cancel_grace.count()) + ",\"functions\":[";
  for (const auto& function : registration.functions) {
    if (&function != registration.functions.data()) head_ += ',';
    head_ += quoted(core::execution_of(function.kind) == core::Execution::thread ? "thread" : "loop");
  }
  head_ += "],\"events\":[";
}

void WorkerTrace::event(std::string_view name, Time at) {
  events_ += events_.empty() ? "[" : ",[";
  events_ += quoted(name) + numbers((at - start_).count());
}

void WorkerTrace::received(Time at, const std::vector<RunMessage>& runs) {
  event("RUN", at);
  for (const auto& run : runs) {
    const auto expires = run.expires == never ? 0 : (run.expires - start_).count();
    events_ += ",[" + std::to_string(run.seq) + numbers(run.call.value, run.function, expires, run.tag);
    if (run.stream) events_ += numbers(run.stream->items, run.stream->bytes);
    events_ += ']';
  }
  events_ += ']';
}

void WorkerTrace::received(Time at, const ControlMessage& message) {
  if (message.stop || message.ping != 0) return;
  event(message.credit ? "CREDIT" : "CANCEL", at);
  events_ += numbers(message.cancel_seq, message.call.value);
  if (message.credit) events_ += numbers(message.credit->items, message.credit->bytes);
  events_ += ']';
}

void WorkerTrace::begins(Time at, const RunMessage& run, std::string_view how) {
  event("begins", at);
  events_ += numbers(run.seq) + "," + quoted(how) + "]";
}

void WorkerTrace::does(Time at, const RunMessage& run, std::string_view what, std::size_t bytes) {
  event(what, at);
  events_ += numbers(run.seq, bytes) + "]";
}

void WorkerTrace::turns(Time at, const std::vector<ReplyRecord>& sent, const std::array<std::uint64_t, 2>& page,
                        bool begun_told) {
  event("turn", at);
  events_ += ",[";
  for (const auto& reply : sent) events_ += (&reply == sent.data() ? "" : ",") + record(reply);
  events_ += "]" + numbers(page[0], page[1], begun_told ? 1 : 0) + "]";
}

}  // namespace clutch::simulation
