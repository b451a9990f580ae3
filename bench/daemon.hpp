// A clutchd of the benchmark's own, in a temporary directory.
#pragma once

#include <memory>
#include <string>

#include "clutch/pool_options.hpp"
#include "service.hpp"

namespace clutch::bench {

std::unique_ptr<Service> start_daemon(const PoolOptions& pool);
std::unique_ptr<Service> connect_daemon(const std::string& endpoint);

}  // namespace clutch::bench
