//! The `crosskey` command.

fn main() -> std::process::ExitCode {
    crosskey::cli::run()
}
