// plumbline-report [--check] [FOLDER]: runs everything that is claimed and writes the reports, or compares
// them with what is there. `plumbline report` is this. Exit status: 0 ok, 1 a file differs, 2 misuse.
#include <future>
#include <iostream>
#include <iterator>

#include "plumbline/base/error.hpp"
#include "plumbline/number/mpfr_caches.hpp"
#include "reports/architectures/architectures_page.hpp"
#include "reports/chains/chains_page.hpp"
#include "reports/claims/claims_page.hpp"
#include "reports/conformance/conformance_page.hpp"
#include "reports/conformance/equality_page.hpp"
#include "reports/findings/findings_page.hpp"
#include "reports/folder.hpp"
#include "reports/golden/golden_page.hpp"
#include "reports/layouts/layouts_page.hpp"
#include "reports/oracle/oracle_page.hpp"
#include "reports/performance/performance_page.hpp"
#include "reports/properties/laws_page.hpp"
#include "reports/protocol/protocol_page.hpp"
#include "reports/protocol/report_page.hpp"
#include "reports/render/markdown.hpp"
#include "reports/spec/spec_page.hpp"
#include "reports/summary/summary_page.hpp"
#include "reports/training/training_page.hpp"

namespace plumbline::reports {
namespace {

struct Options {
  bool check = false;
  std::string folder = "reports/published";
};

Options parse(int argc, char** argv) {
  Options o;
  int folders = 0;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--check")
      o.check = true;
    else if (argument.starts_with("-") || folders++)
      throw Error("unexpected argument \"" + argument + "\"; usage: plumbline report [--check] [FOLDER]");
    else
      o.folder = argument;
  }
  return o;
}

void add(Pages& pages, Pages more) { std::move(more.begin(), more.end(), std::back_inserter(pages)); }

Pages all_pages() {
  std::future<LawRecords> running = std::async(std::launch::async, [] {  // one: RapidCheck's state is global
    const MpfrCaches caches;
    return run_laws();
  });
  const ChainRecords chains = run_chains();
  const DepthRecord depth = read_depth_record();
  const FindingRecords findings = run_findings();
  const std::vector<GoldenRecord> golden = run_golden();
  const ConformanceRecords conformance = read_conformance(conformance_folder());
  const OracleRecords oracle = read_oracle_records();
  const TrainingFiles training = read_training_files();
  const LawRecords laws = running.get();
  const std::vector<Claim> claims = all_claims({findings, chains, laws, depth, training});
  Pages pages;
  add(pages, summary_pages(findings, chains, golden, laws, conformance, depth, claims, training));
  add(pages, findings_pages(findings, chains, laws, claims, training));
  add(pages, claims_pages(claims, laws));
  add(pages, layouts_pages(laws));
  add(pages, architectures_pages(oracle.swaps));
  add(pages, laws_pages(laws));
  add(pages, golden_pages(golden));
  add(pages, chains_pages(chains, depth));
  add(pages, conformance_pages(conformance));
  add(pages, equality_pages(read_equality(equality_folder())));
  add(pages, oracle_pages(oracle));
  add(pages, performance_pages(performance_record()));
  add(pages, spec_pages());
  add(pages, protocol_page());
  add(pages, report_pages());
  add(pages, training_pages(training));
  for (Page& page : pages)
    if (page.name.ends_with(".md")) page.text = wrapped(page.text);
  return pages;
}

int run(const Options& o) {
  const Pages pages = all_pages();
  if (o.check) {
    const std::vector<std::string> found = differences(o.folder, pages);
    for (const std::string& line : found) std::cerr << line << "\n";
    return found.empty() ? 0 : 1;
  }
  write(o.folder, pages);
  for (const Page& page : pages) std::cout << o.folder << "/" << page.name << "\n";
  return 0;
}

}  // namespace
}  // namespace plumbline::reports

int main(int argc, char** argv) {
  try {
    return plumbline::reports::run(plumbline::reports::parse(argc, argv));
  } catch (const std::exception& e) {
    std::cerr << "plumbline report: " << e.what() << "\n";
    return 2;
  }
}
