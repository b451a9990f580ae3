// The nursery's own words, on the stderr that it has from its host.
#pragma once

#include <string_view>

namespace clutch::nursery {

// One line, control bytes replaced. Never waits: a host that does not read its stderr must not stop the nursery.
void say(std::string_view text);

}  // namespace clutch::nursery
