#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <thread>

#include "clutch/protocol/limits.hpp"
#include "exit_code.hpp"
#include "flags.hpp"
#include "help.hpp"
#include "suggest.hpp"

namespace clutch::cli {
namespace {

std::string join(std::initializer_list<const char*> texts) {
  std::string out;
  for (const char* text : texts) out += std::string(out.empty() ? "" : "\n") + text;
  return out;
}

/// Fills Options from the flags of one command; lives until the command line is parsed.
class Builder {
 public:
  explicit Builder(CLI::App& app) : app_(app) {}

  void build() {
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "print this help and exit");
    app_.set_version_flag("--version", std::string("clutch ") + CLUTCH_VERSION, "print the version and exit");
    app_.footer(join({help::main_footer, help::durations, help::exit_codes}));
    run();
    call();
    stream();
    map();
    functions();
    ps();
    quarantine();
    drain();
    reload();
  }

  Options take() {
    options_.function = show_again(std::move(options_.function));
    if (const auto given = arguments_.find(options_.command); given != arguments_.end())
      options_.arguments = given->second->results();
    std::transform(options_.arguments.begin(), options_.arguments.end(), options_.arguments.begin(), show_again);
    if (retries_ > 0) {
      auto& policy = options_.call.retry.emplace();
      policy.attempts = retries_ + 1;
      policy.exceptions = retry_on_;
      policy.idempotent = idempotent_;
    }
    if (options_.target.pool.path.empty()) options_.target.pool.path = {"."};
    const bool named = !options_.target.pool.modules.empty();
    if (options_.command == Command::functions && !named && connect_.empty()) connect_ = "default";
    if (!connect_.empty()) options_.target.endpoint = connect_ == "default" ? "" : connect_;
    return std::move(options_);
  }

 private:
  CLI::App& command(Command which, const char* name, const char* text, const std::string& footer) {
    auto& sub = *app_.add_subcommand(name, text);
    sub.footer(join({footer.c_str(), help::exit_codes}));
    sub.parse_complete_callback([this, which] { options_.command = which; });
    sub.add_flag("--json", options_.json, "results and failures as JSON, for machines");
    const std::map<std::string, int> levels = {{"debug", 0}, {"info", 1}, {"warning", 2}, {"error", 3}, {"off", 4}};
    const auto take = [this, levels](const std::string& given) {
      const auto level = levels.find(given);
      if (level == levels.end())
        throw CLI::ValidationError("--log-level", "`" + given + "` is none of debug, info, warning, error, off");
      options_.log_off = level->second == 4;
      if (!options_.log_off) options_.log_level = static_cast<LogLevel>(level->second);
    };
    sub.add_option_function<std::string>(
           "--log-level", take,
           "what goes to stderr: debug, info, warning, error, off\n(default: warnings, and what the functions print)")
        ->type_name("LEVEL");
    return sub;
  }

  void add_function(CLI::App& sub) {
    const auto check = [](const std::string& name) {
      const auto dot = name.rfind('.');
      const bool good = dot != std::string::npos && dot != 0 && dot + 1 != name.size();
      return good ? std::string() : "`" + name + "` is not module.function";
    };
    sub.add_option("FUNCTION", options_.function, "what to call, as module.function")
        ->required()
        ->check(check, "")
        ->type_name("");
  }
  void add_arguments(CLI::App& sub, Command which) {
    arguments_[which] = sub.add_option("ARGS", "its arguments, see below")
                            ->expected(0, CLI::detail::expected_max_vector_size)
                            ->allow_extra_args()
                            ->type_name("");
  }

  void add_call_options(CLI::App& sub, const char* attempt = "for one run of the function (default: 30s; 0 is none)") {
    auto& call = options_.call;
    add_duration(sub, "--timeout", call.timeout, "for all of it, retries included (default: none)");
    add_duration(sub, "--attempt-timeout", call.attempt_timeout, attempt);
    add_duration(sub, "--queue-timeout", call.queue_timeout, "until the function begins (default: none)");
    sub.add_option("--retries", retries_, "further attempts where it did not begin")
        ->type_name("N")
        ->check(CLI::Range(0, 1'000'000), "");
    sub.add_option("--retry-on", retry_on_, "also where it raised this exception, by name; may be repeated")
        ->type_name("TYPE")
        ->allow_extra_args(false);
    sub.add_flag("--idempotent", idempotent_, "running it twice does no harm: retry also what may have begun");
    const auto priority = [&call](const std::string& given) {
      const std::map<std::string, Priority> names = {
          {"low", Priority::low}, {"normal", Priority::normal}, {"high", Priority::high}};
      const auto found = names.find(given);
      if (found == names.end())
        throw CLI::ValidationError("--priority", "`" + given + "` is none of low, normal, high");
      call.priority = found->second;
    };
    sub.add_option_function<std::string>("--priority", priority, "low, normal or high, where calls wait")
        ->type_name("P");
    add_pairs(sub, "--metadata", call.metadata, "for current_call().metadata in Python; may be repeated");
  }

  void add_idempotency_key(CLI::App& sub) {
    const auto check = [](const std::string& given) {
      const bool good = !given.empty() && given.size() <= limits::idempotency_key_bytes_max;
      return good ? std::string()
                  : "an idempotency key has 1 to " + std::to_string(limits::idempotency_key_bytes_max) + " bytes";
    };
    sub.add_option("--idempotency-key", options_.call.idempotency_key,
                   "the same call with the same key is executed once, and has\nthe same outcome again (10 min)")
        ->type_name("KEY")
        ->check(check, "");
  }

  void add_modules(CLI::App& sub, const std::string& otherwise) {
    auto& pool = options_.target.pool;
    sub.add_option("--path", pool.path, "put first on sys.path; may be repeated (default: .)")
        ->type_name("DIR")
        ->allow_extra_args(false);
    sub.add_option("--module", pool.modules, "import this; may be repeated (default: " + otherwise + ")")
        ->type_name("M")
        ->allow_extra_args(false);
    sub.add_option("--python", pool.python,
                   "the Python to run, with pyzmq and msgspec\n(default: that of $VIRTUAL_ENV, else python3)")
        ->type_name("P");
    add_pairs(sub, "--env", pool.env, "an environment variable of the workers; may be repeated");
  }
  void add_workers(CLI::App& sub, std::uint32_t workers) {
    auto& pool = options_.target.pool;
    const auto number = CLI::Range(1, 100'000);
    // What is set here holds for this command alone: defaults are put in when it is parsed.
    sub.preparse_callback([&pool, workers](std::size_t) { pool.workers = workers; });
    sub.add_option("--workers", pool.workers, "worker processes (default: " + std::to_string(workers) + ")")
        ->type_name("N")
        ->check(number, "");
    sub.add_option("--concurrency", pool.concurrency, "coroutines at once in each worker (default: 1000)")
        ->type_name("N")
        ->check(number, "");
    sub.add_option("--threads", pool.threads, "plain functions at once in each worker (default: 16)")
        ->type_name("N")
        ->check(number, "");
  }
  void add_connect(CLI::App& sub, const std::string& text) {
    sub.add_option("--connect", connect_, text)->type_name("ENDPOINT");
  }
  void add_pool_name(CLI::App& sub) {
    sub.add_option("--pool", options_.call.pool, "the daemon's pool, where two have the function")->type_name("NAME");
  }

  void run() {
    auto& sub = command(Command::run, "run", help::run_text,
                        join({help::arguments, help::results, help::durations, help::run_examples}));
    add_function(sub);
    add_arguments(sub, Command::run);
    add_modules(sub, "FUNCTION's");
    add_workers(sub, 1);
    add_call_options(sub);
    add_idempotency_key(sub);
  }
  void call() {
    auto& sub = command(Command::call, "call", help::call_text,
                        join({help::arguments, help::results, help::durations, help::call_examples}));
    add_function(sub);
    add_arguments(sub, Command::call);
    add_connect(sub, "where the daemon listens (default: the user's own)");
    add_pool_name(sub);
    add_call_options(sub);
    add_idempotency_key(sub);
    sub.preparse_callback([this](std::size_t) { connect_ = "default"; });
  }
  void stream() {
    auto& sub = command(Command::stream, "stream", help::stream_text,
                        join({help::arguments, help::stream_details, help::stream_examples}));
    add_function(sub);
    add_arguments(sub, Command::stream);
    const auto check = [](const std::string& given) {
      const bool good = given.size() < 19 && given.find_first_not_of("0123456789") == std::string::npos &&
                        given.find_first_not_of('0') != std::string::npos;
      return good ? std::string() : "`" + given + "` is no number of items, one or more";
    };
    sub.add_option("--limit", options_.stream.limit, "close the generator after so many items (default: none)")
        ->type_name("N")
        ->check(check, "");
    add_modules(sub, "FUNCTION's");
    add_workers(sub, 1);
    add_connect(sub, "use a daemon instead of a worker of one's own; `default` is the user's own");
    add_pool_name(sub);
    add_call_options(sub, "until the first item, and from item to item (default: 30s; 0 is none)");
  }
  void map() {
    auto& sub =
        command(Command::map, "map", help::map_text, join({help::map_details, help::durations, help::map_examples}));
    add_function(sub);
    sub.add_option("--input", options_.map.input, "lines of JSON (default: stdin)")->type_name("FILE");
    sub.add_option("--output", options_.map.output, "(default: stdout)")->type_name("FILE");
    sub.add_option("--in-flight", options_.map.in_flight, "lines read and not yet written (default: 1000)")
        ->type_name("N")
        ->check(CLI::Range(1, 1'000'000), "");
    sub.add_flag("--spread", options_.map.spread, "an array is all positional arguments, an object the keywords");
    const auto no_progress = [this] { options_.map.progress = false; };
    sub.add_flag_callback("--no-progress", no_progress, "no progress bar (there is none but on a terminal)");
    add_modules(sub, "FUNCTION's");
    add_workers(sub, std::max(1U, std::thread::hardware_concurrency()));
    add_connect(sub, "use a daemon instead of workers of one's own; `default` is the user's own");
    add_pool_name(sub);
    add_call_options(sub);
  }
  void functions() {
    auto& sub = command(Command::functions, "functions", help::functions_text, help::functions_examples);
    add_modules(sub, "a daemon is asked");
    add_connect(sub, "where the daemon listens (default, without --module: the user's own)");
  }
  void ps() {
    auto& sub = command(Command::ps, "ps", help::ps_text, help::ps_examples);
    add_connect(sub, "where the daemon listens (default: the user's own)");
    sub.preparse_callback([this](std::size_t) { connect_ = "default"; });
  }

  void quarantine() {
    auto& sub = command(Command::quarantine, "quarantine", help::quarantine_text, help::quarantine_examples);
    sub.add_option("--lift", options_.quarantine.lift, "let this one run again; `all`: everything")
        ->type_name("FINGERPRINT");
    add_connect(sub, "where the daemon listens (default: the user's own)");
    sub.preparse_callback([this](std::size_t) { connect_ = "default"; });
  }
  void drain() {
    auto& sub = command(Command::drain, "drain", help::drain_text, help::drain_examples);
    add_connect(sub, "where the daemon listens (default: the user's own)");
    sub.preparse_callback([this](std::size_t) { connect_ = "default"; });
  }
  void reload() {
    auto& sub = command(Command::reload, "reload", help::reload_text, help::reload_examples);
    sub.add_option("--pool", options_.call.pool, "only this pool of the daemon's")->type_name("NAME");
    add_connect(sub, "where the daemon listens (default: the user's own)");
    sub.preparse_callback([this](std::size_t) { connect_ = "default"; });
  }

  CLI::App& app_;
  Options options_;
  std::map<Command, CLI::Option*> arguments_;
  std::string connect_;
  std::uint32_t retries_ = 0;
  std::vector<std::string> retry_on_;
  bool idempotent_ = false;
};

int usage(const std::string& text) {
  std::fprintf(stderr, "clutch: %s\n", text.c_str());
  return Exit::usage;
}

}  // namespace

std::variant<Options, int> parse_command_line(int argc, const char* const* argv) {
  CLI::App app(help::main_text, "clutch");
  Builder builder(app);
  builder.build();
  if (argc > 1 && argv[1][0] != '-') {
    std::vector<std::string> names;
    for (const auto* sub : app.get_subcommands({})) names.push_back(sub->get_name());
    if (auto wrong = unknown_command(argv[1], names)) return usage(*wrong);
  }
  auto arguments = hidden_arguments(argc, argv);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // help and version
    const auto parsed = app.get_subcommands();
    const std::string name = parsed.empty() ? "clutch" : "clutch " + parsed[0]->get_name();
    return usage(std::string(error.what()) + "\n`" + name + " --help` tells more");
  }
  return builder.take();
}

}  // namespace clutch::cli
