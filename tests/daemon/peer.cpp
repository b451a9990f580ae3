// A program with a clutch::Client that a test can stop, kill and look at: peer ENDPOINT blobs COUNT SIZE | nap PATH |
// detach PATH | streams COUNT SIZE | endless COUNT PATH. It says what it does, a line each.
#include <unistd.h>
#include <clutch/client.hpp>
#include <cstdio>
#include <string>
#include <vector>

namespace {

void say(const std::string& what) {
  std::printf("%s\n", what.c_str());
  std::fflush(stdout);
}

int take_blobs(const clutch::Client& client, int count, int size) {
  std::vector<clutch::Call<clutch::Bytes>> calls;
  for (int i = 0; i < count; ++i) calls.push_back(client.call<clutch::Bytes>("depot.blob", size));
  say("submitted");
  int good = 0;
  int overloaded = 0;
  for (auto& call : calls) {
    const auto result = call.get();
    good += result.ok() ? 1 : 0;
    overloaded += !result.ok() && result.error().code == clutch::Code::overloaded ? 1 : 0;
  }
  say("good " + std::to_string(good) + " overloaded " + std::to_string(overloaded));
  return good + overloaded == count ? 0 : 1;
}

// One item of each, again and again.
int read_streams(std::vector<clutch::Stream<clutch::Value>> streams, int rounds) {
  for (int round = 0; round < rounds; ++round) {
    for (auto& stream : streams) {
      const auto item = stream.next().get();
      if (!item || !item->ok()) return say("a stream ended"), 1;
    }
    if (round == 0) say("reading");
  }
  return 0;
}

int open_streams(const clutch::Client& client, int count, const std::string& path, int size, int rounds) {
  std::vector<clutch::Stream<clutch::Value>> streams;
  for (int i = 0; i < count; ++i) {
    streams.push_back(client.stream<clutch::Value>("feeds.endless", std::to_string(i), path, size));
  }
  return read_streams(std::move(streams), rounds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  clutch::ClientOptions options;
  options.name = "peer";
  auto client = clutch::Client::connect(argv[1], options).value();
  const std::string what = argv[2];
  if (what == "blobs") return take_blobs(client, std::stoi(argv[3]), std::stoi(argv[4]));
  if (what == "streams") return open_streams(client, std::stoi(argv[3]), "", std::stoi(argv[4]), 4);
  if (what == "endless") return open_streams(client, std::stoi(argv[3]), argv[4], 0, 1 << 30);
  if (what == "nap") {
    auto call = client.call<void>("depot.nap_and_note", argv[3], 60.0);
    say("submitted");
    return call.get().ok() ? 0 : 1;
  }
  client.call<void>("depot.nap_and_note", argv[3], 0.3).detach();
  static_cast<void>(client.call<int>("depot.double", 1).get());  // what is before it in the session has arrived
  say("detached");
  ::_exit(0);  // without a BYE
}
