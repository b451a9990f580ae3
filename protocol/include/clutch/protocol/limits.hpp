// Every bound of the protocol, by name. PROTOCOL.md refers to them; the Python worker is told, in BOOT, those it needs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace clutch::limits {

inline constexpr std::uint64_t protocol_version = 1;

// One value: arguments, keyword arguments, a result.
inline constexpr std::size_t depth_max = 64;
inline constexpr std::size_t elements_max = 4u << 20;  // declared elements of one payload, all levels
inline constexpr std::size_t payload_bytes_max = std::size_t{256} << 20;
inline constexpr std::size_t frame_threshold_bytes = 64u << 10;  // a bin this large travels as a frame of its own

// One message.
inline constexpr std::size_t records_per_message_max = 4096;
inline constexpr std::size_t frames_per_message_max = 1024;
inline constexpr std::size_t envelope_bytes_soft = 256u << 10;           // a sender starts another message beyond this
inline constexpr std::size_t message_bytes_max = 2 * payload_bytes_max;  // ZMQ_MAXMSGSIZE of a frame, for hostile peers

// One record.
inline constexpr std::size_t function_name_bytes_max = 256;
inline constexpr std::size_t frames_per_record_max = 256;
inline constexpr std::size_t idempotency_key_bytes_max = 256;
inline constexpr std::size_t metadata_entries_max = 64;
inline constexpr std::size_t metadata_bytes_max = 16u << 10;
inline constexpr std::size_t error_bytes_max = 1u << 20;  // an error record, traceback and causes included
inline constexpr std::size_t causes_max = 8;
inline constexpr std::size_t group_members_max = 16;
inline constexpr std::size_t functions_max = 65'536;  // that one pool may register

// A stream.
inline constexpr std::size_t stream_window_items = 16'384;  // what a reader gives as credit, unless it says otherwise
inline constexpr std::size_t stream_window_bytes = 4u << 20;
inline constexpr std::size_t stream_batch_items_max = 4096;           // of one ITEM
inline constexpr std::size_t stream_batch_bytes_soft = 256u << 10;    // one ITEM, or one item
inline constexpr std::chrono::milliseconds stream_batch_time_max{1};  // from an item to its ITEM
inline constexpr std::size_t suspended_streams_max = 10'000;          // of one worker, without credit

// A worker.
inline constexpr std::size_t window_max = 256;                  // calls sent and not begun
inline constexpr std::chrono::milliseconds tick_overdue{250};   // of a loop that has calls in flight: it is blocked
inline constexpr std::chrono::milliseconds first_step_long{2};  // calls go to other workers meanwhile
inline constexpr std::chrono::milliseconds ping_interval{5000};
inline constexpr std::chrono::milliseconds ping_unanswered_max{3000};

// A pool.
inline constexpr std::size_t queued_calls_max = 4u << 20;
inline constexpr std::size_t queued_bytes_max = std::size_t{2} << 30;
inline constexpr std::size_t idempotency_keys_max = 100'000;      // outcomes that are kept by their key
inline constexpr std::size_t idempotency_bytes_max = 64u << 20;   // of them
inline constexpr std::size_t client_queued_calls_max = 1u << 20;  // of one client of a daemon's
inline constexpr std::size_t client_queued_bytes_max = std::size_t{512} << 20;

// A client of the daemon.
inline constexpr std::size_t client_window_bytes = 64u << 20;       // of requests, and of replies
inline constexpr std::size_t client_calls_max = 1u << 20;           // accepted and not answered
inline constexpr std::chrono::seconds client_stalled_max{30};       // took no byte while some were waiting
inline constexpr std::size_t window_step_bytes = 1u << 20;          // WINDOW is said after so much, or a quarter window
inline constexpr std::size_t message_frames_bytes_soft = 1u << 20;  // payload frames of one message, or one record's
inline constexpr std::size_t client_pause_bytes = 16u << 20;        // replies that wait: more, and its calls wait too
inline constexpr std::size_t client_replies_bytes_max = 128u << 20;  // replies that wait: beyond, values are discarded
inline constexpr std::size_t client_stream_bytes = 64u << 20;        // that all its streams may have under way
inline constexpr std::size_t client_stream_share_min_bytes = 16u << 10;  // of one of them, however many there are
inline constexpr std::size_t client_receipts_max = 1u << 20;             // asked for and not given
inline constexpr std::size_t client_queries_max = 64;                    // asked and not answered

}  // namespace clutch::limits
