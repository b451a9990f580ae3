// A real job: analyses every .py file of Python's own standard library, one call a file, across the workers; prints a
// report and how much faster the workers were than one of them. The Python side is analyse.py.
//   analyse_stdlib [N]     only every Nth file
#include <unistd.h>
#include <clutch/codec.hpp>
#include <clutch/pool.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <map>
#include <thread>

namespace {

struct Report {
  int lines = 0, functions = 0, coroutines = 0, classes = 0, documented = 0;
  std::string longest_function;
  int longest_lines = 0, deepest_nesting = 0;
  std::map<std::string, int> imports;
};
CLUTCH_DEFINE(Report, lines, functions, coroutines, classes, documented, longest_function, longest_lines,
              deepest_nesting, imports)

using Files = std::vector<std::string>;
using Clock = std::chrono::steady_clock;

struct Library {
  Report sum;  // its imports count files
  std::string longest_in, deepest_in;
  Files refused;

  void add(const std::string& file, const Report& report) {
    sum.lines += report.lines;
    sum.functions += report.functions;
    sum.coroutines += report.coroutines;
    sum.classes += report.classes;
    sum.documented += report.documented;
    if (report.longest_lines > sum.longest_lines) {
      sum.longest_lines = report.longest_lines;
      sum.longest_function = report.longest_function;
      longest_in = file;
    }
    if (report.deepest_nesting > sum.deepest_nesting) {
      sum.deepest_nesting = report.deepest_nesting;
      deepest_in = file;
    }
    for (const auto& [module, times] : report.imports) ++sum.imports[module];
  }
};

void draw_progress(std::size_t done, std::size_t all) {
  if (::isatty(STDERR_FILENO) == 0 || (done % 10 != 0 && done != all)) return;
  constexpr std::size_t width = 40;
  const std::size_t filled = done * width / all;
  std::cerr << "\r[" << std::string(filled, '#') << std::string(width - filled, '.') << "] " << done << '/' << all;
  if (done == all) std::cerr << '\n';
}

// All calls are made at once; what the workers have no room for waits in the pool.
Library analyse(const clutch::Pool& pool, const Files& files) {
  const auto analyse_file = pool.function<Report(std::string)>("analyse.analyse_file");
  std::vector<clutch::Call<Report>> calls;
  for (const std::string& file : files) calls.push_back(analyse_file(file));

  Library library;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const clutch::Result<Report> result = calls[i].get();
    if (result) {
      library.add(files[i], result.value());
    } else {
      library.refused.push_back(files[i] + ": " + result.error().message);
    }
    draw_progress(i + 1, files.size());
  }
  return library;
}

void print(const Library& library, std::size_t files, const std::filesystem::path& root) {
  const Report& sum = library.sum;
  const auto relative = [&](const std::string& file) {
    return std::filesystem::path(file).lexically_relative(root).string();
  };
  std::cout << files << " files, " << sum.lines << " lines\n"
            << sum.functions << " functions (" << sum.coroutines << " of them async), " << sum.classes << " classes\n"
            << 100 * sum.documented / std::max(sum.functions, 1) << "% of the functions have a docstring\n"
            << "longest function: " << sum.longest_function << ", " << sum.longest_lines << " lines, in "
            << relative(library.longest_in) << '\n'
            << "deepest nesting: " << sum.deepest_nesting << " blocks, in " << relative(library.deepest_in) << '\n';

  std::vector<std::pair<int, std::string>> imports;
  for (const auto& [module, times] : sum.imports) imports.emplace_back(-times, module);
  std::sort(imports.begin(), imports.end());
  std::cout << "most imported:";
  for (std::size_t i = 0; i < std::min<std::size_t>(imports.size(), 8); ++i) {
    std::cout << ' ' << imports[i].second << " (" << -imports[i].first << ')';
  }
  std::cout << "\nnot valid Python 3, which stopped none of the rest: " << library.refused.size() << " files\n";
  for (std::size_t i = 0; i < std::min<std::size_t>(library.refused.size(), 2); ++i) {
    std::cout << "  " << relative(library.refused[i]) << '\n';
  }
}

// Every eighth file by one worker and by all: small slices in turns, so that whatever else the machine does hits both.
double speed_up(const clutch::Pool& all, const clutch::Pool& one, const Files& files) {
  constexpr std::size_t slices = 6;
  Clock::duration took_all{}, took_one{};
  for (std::size_t slice = 0; slice < slices; ++slice) {
    Files part;
    for (std::size_t i = 8 * slice; i < files.size(); i += 8 * slices) part.push_back(files[i]);
    const auto before = Clock::now();
    analyse(one, part);
    const auto between = Clock::now();
    analyse(all, part);
    took_one += between - before;
    took_all += Clock::now() - between;
  }
  return std::chrono::duration<double>(took_one) / took_all;
}

clutch::Pool start(unsigned workers) {
  return clutch::Pool::start({.modules = {"analyse"}, .path = {EXAMPLES_PYTHON}, .workers = workers}).value();
}

}  // namespace

int main(int argc, char** argv) try {
  const unsigned workers = std::max(2u, std::thread::hardware_concurrency());
  const clutch::Pool pool = start(workers);
  const int every = argc > 1 ? std::max(1, std::atoi(argv[1])) : 1;
  const Files files = pool.call<Files>("analyse.source_files", clutch::kw("every", every)).get().value();
  const std::string root = pool.call<std::string>("analyse.library_directory").get().value();

  const auto before = Clock::now();
  const Library library = analyse(pool, files);
  const std::chrono::duration<double> took = Clock::now() - before;
  print(library, files.size(), root);

  std::cout << std::fixed << std::setprecision(1) << took.count() << " s with " << workers << " workers\n"
            << std::setprecision(2) << workers << " workers were " << speed_up(pool, start(1), files)
            << " times as fast as one, on " << std::thread::hardware_concurrency() << " CPUs\n";
} catch (const clutch::CallError& error) {
  std::cerr << error.what() << '\n';
  return 1;
}
