// clutchd: serves the functions of its pools to the programs of one user.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "daemon/config.hpp"
#include "daemon/daemon.hpp"
#include "daemon/log.hpp"
#include "io/endpoint.hpp"

namespace {

using namespace clutch::daemon;

struct Flags {
  ConfigSources sources;
  std::string listen;
  std::string log_level;
  std::string log_file;
  bool check = false;
};

void declare(CLI::App& app, Flags& flags) {
  app.description(
      "Runs Python functions in worker processes for the programs that connect (clutch::Client, clutch call).");
  app.footer(
      "Exit codes: 0 ended as told, 2 usage or configuration, 3 cannot start.\n"
      "SIGTERM or SIGINT: calls under way are finished, for stop_timeout at most; a second one ends at once.\n"
      "The user's own daemon, which clients find without an endpoint, listens at " +
      clutch::io::default_endpoint());
  app.add_option("-c,--config", flags.sources.file, "the configuration, a TOML file (see examples/clutch.toml)");
  app.add_option("--set", flags.sources.assignments, "a key over the file's, for instance pool.default.workers=4")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app.add_option("--listen", flags.listen, "where to listen, ipc://PATH: over `listen`");
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error: over `log.level`");
  app.add_option("--log-file", flags.log_file, "where to log, instead of to stderr: over `log.file`");
  app.add_flag("--check-config", flags.check, "print the configuration as it counts, and end");
  app.set_version_flag("--version", std::string("clutchd ") + CLUTCH_RELEASE);
}

// A path on the command line is the caller's, one in the file the file's.
Config configure(Flags& flags) {
  if (!flags.listen.empty()) flags.sources.assignments.push_back("listen=" + flags.listen);
  if (!flags.log_level.empty()) flags.sources.assignments.push_back("log.level=" + flags.log_level);
  if (!flags.log_file.empty()) {
    flags.sources.assignments.push_back("log.file=" + std::filesystem::absolute(flags.log_file).string());
  }
  return load_config(flags.sources);
}

// Before any thread is made: they inherit the mask, so that these signals come by the loop's descriptor alone.
void block_signals() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a log at its limit of size is an error of the write, not the end
}

// libzmq's listener aborts where accept() finds no descriptor left: leave it as many as there are.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int say(ExitCode code, const char* what) {
  std::fprintf(stderr, "clutchd: %s\n", what);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app;
  Flags flags;
  declare(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  try {
    const auto config = configure(flags);
    if (flags.check) {
      std::cout << to_toml(config);
      return exit_done;
    }
    block_signals();
    raise_descriptor_limit();
    Daemon daemon(config, open_log(config.log_file, config.log_level), CLUTCH_RELEASE);
    return daemon.run();
  } catch (const ConfigError& error) {
    return say(exit_usage, error.what());
  } catch (const std::exception& error) {
    return say(exit_cannot_start, error.what());
  }
}
