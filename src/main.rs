//! The `crosskey` command.

use mimalloc::MiMalloc;

/// A request makes many small allocations on several threads, which the system's allocator serves slowly.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> std::process::ExitCode {
    // Tests say by FAILPOINTS where the process ends.
    #[cfg(feature = "failpoints")]
    let _points = fail::FailScenario::setup();
    crosskey::cli::run()
}
