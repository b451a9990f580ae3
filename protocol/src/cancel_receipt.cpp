// The wire form of CancelReceipt: a map, PROTOCOL.md, "The client's link".
#include "clutch/cancel_receipt.hpp"

#include <algorithm>
#include <array>

#include "clutch/protocol/cursor.hpp"
#include "clutch/protocol/records.hpp"

namespace clutch {
namespace {

constexpr std::array<std::string_view, 5> ends = {"removed_from_queue", "unwound", "ignored", "worker_killed",
                                                  "already_finished"};

}  // namespace

std::string_view to_string(CancelEnd end) noexcept { return ends[static_cast<std::size_t>(end)]; }

std::optional<CancelEnd> cancel_end_from(std::string_view name) noexcept {
  const auto at = std::find(ends.begin(), ends.end(), name);
  if (at == ends.end()) return std::nullopt;
  return static_cast<CancelEnd>(at - ends.begin());
}

namespace protocol {

void write(Writer& writer, const CancelReceipt& receipt) {
  writer.map(receipt.where.empty() ? 2 : 3);
  writer.string("what");
  writer.string(to_string(receipt.what));
  writer.string("after");
  writer.uint(static_cast<std::uint64_t>(std::max<std::int64_t>(receipt.after.count(), 0)));
  if (receipt.where.empty()) return;
  writer.string("where");
  writer.string(receipt.where);
}

CancelReceipt receipt_of(const Record& record) {
  CancelReceipt receipt;
  Cursor cursor(record.field[0]);
  std::size_t pairs = 0;
  bool ok = cursor.map(pairs);
  for (std::size_t i = 0; ok && i < pairs; ++i) {
    std::string_view key;
    std::string_view text;
    std::uint64_t number = 0;
    ok = cursor.string(key);
    if (key == "after") {
      ok = ok && cursor.uint(number);
      receipt.after = std::chrono::nanoseconds(std::min<std::uint64_t>(number, INT64_MAX));
    } else {
      ok = ok && cursor.string(text);
      if (key == "what") receipt.what = cancel_end_from(text).value_or(receipt.what);
      if (key == "where") receipt.where = text;
    }
  }
  return receipt;
}

}  // namespace protocol
}  // namespace clutch
