#include "record_vector.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "vectors.hpp"

namespace clutch::test {
namespace {

using nlohmann::json;
using protocol::Cursor;
using protocol::Direction;

const std::map<std::string_view, Direction> directions = {{"worker-data-in", Direction::worker_data_in},
                                                          {"worker-data-out", Direction::worker_data_out},
                                                          {"worker-control-in", Direction::worker_control_in},
                                                          {"worker-control-out", Direction::worker_control_out},
                                                          {"client-in", Direction::client_out},
                                                          {"client-out", Direction::client_in}};

class AsVector {
 public:
  explicit AsVector(const protocol::Record& record)
      : record_(record), written_(json::array({static_cast<int>(record.type)})) {}

  json made() {
    using enum protocol::RecordType;
    switch (record_.type) {
      case boot:
      case boot_failed:
      case refused:
        return encoded(), written_;
      case run:
        return uints(4), body(), extras(), written_;
      case attach:
        return uints(2), text(), encoded(), written_;
      case registration:
        return encoded(), encoded(), written_;
      case result:
        return uints(1), encoded(), extras(), written_;
      case item:
        return uints(2), encoded(), extras(), written_;
      case error:
      case answer:
      case receipt:
        return uints(1), encoded(), written_;
      case begun:
      case end:
        return uints(2), written_;
      case credit:
        return uints(4), written_;
      case cancel:
        return uints(3), written_;
      case hello:
      case welcome:
        return uints(2), encoded(), written_;
      case call:
        return uints(1), text(), body(), extras(), written_;
      case query:
      case command:
        return uints(1), text(), encoded(), written_;
      case bye:
        return written_;
      default:
        return uints(1), written_;
    }
  }

 private:
  void uints(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) written_.push_back(record_.number[i]);
  }
  void text() { written_.push_back(record_.text(field_++)); }
  void body() { written_.push_back({{"bin", hex_of(record_.field[field_++])}}); }
  void encoded() {
    Cursor cursor(record_.field[field_++]);
    written_.push_back(plain_value(cursor));
  }
  void extras() {
    if (record_.has_extras) encoded();
  }

  const protocol::Record& record_;
  std::size_t field_ = 0;
  json written_;
};

}  // namespace

Direction direction_of(std::string_view link) { return directions.at(link); }

json record_as_vector(const protocol::Record& record) { return AsVector(record).made(); }

}  // namespace clutch::test
