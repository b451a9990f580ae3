// A session's streams: their items, their credit, and the receipts of cancels.
#include <algorithm>

#include "client_session.hpp"

namespace clutch::detail {

using protocol::Record;

// Of a call that is over nothing is taken; of one that was not sent, or is no stream, nothing may come.
ClientSession::Calls::iterator ClientSession::stream_of(const Record& record, std::string_view what) {
  const auto at = calls_.find(record.number[0]);
  const bool known = at != calls_.end();
  if (known ? at->second.sent && at->second.call.stream : record.number[0] <= last_number_) return at;
  on_violation("an " + std::string(what) + " of a stream that was not asked for");
  return calls_.end();
}

void ClientSession::on_item(const Record& record, const io::ReceivedMessage& received) {
  const auto at = stream_of(record, "ITEM");
  if (at == calls_.end()) return;
  Entry& entry = at->second;
  const auto& credit = *entry.call.stream;
  StreamItems items;
  items.first = record.number[1];
  items.count = static_cast<std::uint32_t>(protocol::items_in(record));
  const bool in_order = items.first == entry.items;
  const bool allowed = entry.items < credit.items && items.count <= credit.items - entry.items;
  if (!in_order || !allowed || entry.item_bytes >= credit.bytes) {
    return on_violation(in_order ? "an ITEM beyond its credit" : "an ITEM out of order");
  }
  items.body = Blob(record.field[0]);
  items.frames = message_.frames_of(record, received.frames);
  entry.items += items.count;
  entry.item_bytes += items.bytes();
  items_.push_back({entry.call.tag, std::move(items)});
}

void ClientSession::on_end(const Record& record) {
  const auto at = stream_of(record, "END");
  if (at == calls_.end()) return;
  if (record.number[1] != at->second.items) return on_violation("an END of another number of items than came");
  end(at, Reply{});
}

void ClientSession::credit(std::uint64_t number, StreamCredit credit) {
  const auto at = calls_.find(number);
  if (at == calls_.end() || !at->second.call.stream) return;
  Entry& entry = at->second;
  const StreamCredit before = *entry.call.stream;
  entry.call.stream = {std::max(before.items, credit.items), std::max(before.bytes, credit.bytes)};
  if (!entry.sent || *entry.call.stream == before || entry.credit_due) return;
  entry.credit_due = true;
  credits_.push_back(number);
}

void ClientSession::write_credits() {
  while (!credits_.empty() && !envelope_.full()) {
    const auto at = calls_.find(credits_.back());
    credits_.pop_back();
    if (at == calls_.end()) continue;
    at->second.credit_due = false;
    auto& writer = envelope_.record(protocol::RecordType::credit, 4);
    writer.uint(0);
    writer.uint(at->first);
    writer.uint(at->second.call.stream->items);
    writer.uint(at->second.call.stream->bytes);
  }
}

void ClientSession::on_receipt(const Record& record) {
  const auto receipt = record.number[0];
  if (awaited_receipts_.erase(receipt) == 0) return on_violation("a RECEIPT that was not asked for");
  receipts_.push_back({receipt, protocol::receipt_of(record)});
}

void ClientSession::fail_receipts(const Error& error) {
  for (const auto receipt : std::exchange(awaited_receipts_, {})) receipts_.push_back({receipt, error});
}

}  // namespace clutch::detail
