// Tells the service manager that started the daemon, if one did: sd_notify's datagrams,
// https://www.freedesktop.org/software/systemd/man/sd_notify.html
#pragma once

#include <string>

namespace clutch::daemon {

/// "READY=1", "STOPPING=1", … to $NOTIFY_SOCKET; nothing where that is not set. Never blocks, never fails.
void notify_service_manager(const std::string& state) noexcept;

}  // namespace clutch::daemon
