#include "daemon.hpp"

#include <stdexcept>

namespace clutch::bench {

std::unique_ptr<Service> start_daemon(const PoolOptions&) { throw std::runtime_error("there is no clutchd yet"); }
std::unique_ptr<Service> connect_daemon(const std::string&) { throw std::runtime_error("there is no clutchd yet"); }

}  // namespace clutch::bench
