// Uses msgpack-cxx as its own documentation does, Boost parts included.
#include <boost/optional.hpp>
#include <chrono>
#include <map>
#include <msgpack.hpp>
#include <string>
#include <vector>

std::string packed_by_another() {
  msgpack::sbuffer buffer;
  const std::map<std::string, std::vector<int>> value = {{"a", {1, -1, 300, 70'000}}, {"b", {}}};
  msgpack::pack(buffer, value);
  msgpack::pack(buffer, boost::optional<double>(0.5));
  msgpack::pack(buffer, std::chrono::system_clock::time_point(std::chrono::seconds(1)));
  msgpack::pack(buffer, std::vector<char>(20, 'x'));
  return {buffer.data(), buffer.size()};
}
