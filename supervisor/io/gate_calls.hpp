// From a CALL record to what the core takes: its arguments are scanned here, where bytes of a client are first
// received. Pure but for looking into the pools' tables of functions.
#pragma once

#include <variant>

#include "clutch/protocol/records.hpp"
#include "core/types.hpp"
#include "io/gate_query.hpp"
#include "io/zmq_context.hpp"

namespace clutch::io {

/// What is wrong with a call's arguments, as that call's error; nothing where they may cross. Frames are not walked.
[[nodiscard]] std::optional<Error> check_arguments(const protocol::Message&, const protocol::Record& call,
                                                   const protocol::Extras&);

/// The call as the core takes it, its small parts copied, its frames shared.
[[nodiscard]] core::Submission submission_of(core::SessionId, const protocol::Message&, const protocol::Record& call,
                                             const protocol::Extras&, const ReceivedMessage&);

/// Which of the pools has the function; `wanted` decides where two do, and may be empty.
[[nodiscard]] std::variant<std::size_t, Error> pool_for(const std::vector<GatePool>& pools, std::string_view function,
                                                        std::string_view wanted);

/// The pool one of whose workers the process is, or descends from.
[[nodiscard]] std::optional<std::size_t> pool_of_process(const std::vector<GatePool>& pools, std::uint64_t pid);

}  // namespace clutch::io
