// What a model worker does that PROTOCOL.md forbids.
#include "model_worker.hpp"

namespace clutch::simulation {

void ModelWorker::misbehave_in_stream(OutMessage& message, Time now) {
  for (auto& running : running_) {
    for (auto& each : running) {
      if (!each.run.stream || !random_.chance(500)) continue;
      if (each.suspended() && random_.chance(500)) {
        each.hasty = true;
        each.items_left = 0;
        each.ends = now;
        return;
      }
      switch (random_.below(3)) {
        case 0:
          message.replies.push_back({each.run.call, ItemsRecord{each.items, 1'000'000, 1}});
          break;
        case 1:
          message.replies.push_back({each.run.call, EndRecord{each.items + 1'000'000}});
          break;
        default:
          message.replies.push_back({each.run.call, each.run.tag});
          break;
      }
      last_reply_ = message.replies.back();
      return;
    }
  }
}

// One thing that PROTOCOL.md forbids: the worker is to be killed for it, and no caller to be misled.
void ModelWorker::misbehave(Time now) {
  if (now > plan_.misbehaves_until) return;
  OutMessage message;
  switch (random_.below(13)) {
    case 0:
      message.begun = {page[0] + random_.pick<std::uint64_t>({0, 1000}), page[1]};
      break;
    case 1:
      message.registers = true;
      break;
    case 2:
      message.replies.push_back({core::CallId{random_.next()}, std::uint64_t{0}});
      break;
    case 3:
      if (!last_reply_) return;
      message.replies.push_back(*last_reply_);
      break;
    case 4:
      message.pong = 1000;
      break;
    case 5:
      message.boot_failed = true;
      break;
    case 6:
    case 7:
    case 8:
      misbehave_in_stream(message, now);
      break;
    case 9:
      if (!last_reply_) return;
      message.replies.push_back(*last_reply_);
      break;
    default:
      page[random_.below(2)] = random_.next() | 1u << 20;
  }
  auto& lane = random_.chance(500) ? data_out : control_out;
  lane.send(std::move(message), arrival(now));
}

}  // namespace clutch::simulation
