//! All commands. Answers go to standard output, everything else to standard error.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};

use crate::api::{graphql, rest};
use crate::cli::output::{COULD_NOT_RUN, FINE, PROBLEMS, loaded, print_faults, say};
use crate::cli::{audit, demo, explain, import, init, serve};
use crate::config;
use crate::engine;
use crate::telemetry::{LogFormat, start_log};

/// Virtual foreign keys between tables of different databases, read in one call.
#[derive(Parser)]
#[command(name = "crosskey", version, propagate_version = true)]
struct Cli {
    /// Form of the log on standard error; RUST_LOG chooses what is logged.
    #[arg(long, global = true, value_enum, default_value = "text", env = "CROSSKEY_LOG_FORMAT")]
    log_format: LogForm,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, ValueEnum)]
enum LogForm {
    Text,
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Write a demo (four SQLite databases and their key file), serve it, and print requests to try.
    Demo {
        /// Folder of the demo; what it already has is kept.
        #[arg(long, default_value = "crosskey-demo")]
        dir: PathBuf,
        /// Address and port instead of the file's.
        #[arg(long)]
        listen: Option<String>,
        /// Write the folder and end.
        #[arg(long)]
        write_only: bool,
    },
    /// Serve the databases of a key file.
    Serve(File),
    /// Check a key file against its databases; all problems are reported at once.
    ///
    /// Exit code 0: fine, or warnings only. 1: problems. 2: could not run.
    Check {
        #[command(flatten)]
        file: File,
        /// Text for people, JSON for programs.
        #[arg(long, value_enum, default_value = "text")]
        format: CheckForm,
    },
    /// Print a key file to start from: sources, the keys that the databases declare, and those that their values suggest.
    ///
    /// Each suggestion is proved by looking up a sample of its values, and told with its evidence. Exit code 0: fine. 2: a
    /// database could not be read.
    Init {
        /// Databases, as URL or NAME=URL: postgres://…, mysql://…, sqlite:FILE.
        #[arg(required = true, value_name = "[NAME=]URL")]
        databases: Vec<String>,
    },
    /// Find dangling references: rows whose key leads to no row, in whichever databases the two sides are.
    ///
    /// Reads the referencing tables from one end to the other, in bounded memory. Exit code 0: no orphans. 1: orphans.
    /// 2: could not run, or not to the end.
    Audit {
        #[command(flatten)]
        file: File,
        /// One key: a relationship's name, or a referencing column as in the key file.
        #[arg(long)]
        key: Option<String>,
        /// Text for people, JSON or CSV for programs.
        #[arg(long, value_enum, default_value = "text")]
        format: audit::Form,
        /// Tell how many rows would be repaired: `null` makes them refer to nothing, `delete` removes them.
        #[arg(long, value_enum)]
        repair: Option<audit::Repairs>,
        /// Repair them, in batches. Interrupted, it goes on where it was when it is run again.
        #[arg(long, requires = "repair")]
        apply: bool,
    },
    /// Tell how a request is answered: statements, directions, estimates, what is remembered, and indexes that are missing.
    ///
    /// Exit code 0: fine. 1: the request cannot be planned. 2: could not run.
    Explain {
        /// The request, as in 'GET /api/v2/crm/_table/contact?related=customers'.
        request: String,
        #[command(flatten)]
        file: File,
        /// Run it, and tell what each step really cost.
        #[arg(long)]
        analyze: bool,
        /// Text for people, JSON for programs.
        #[arg(long, value_enum, default_value = "text")]
        format: CheckFormat,
    },
    /// Print a schema: `config` is the JSON Schema of the key file, for editors; `openapi` the OpenAPI 3.1 document of the
    /// key file's tables, and `graphql` their schema in GraphQL's language.
    Schema {
        /// Which schema.
        #[arg(value_enum)]
        which: Schema,
        #[command(flatten)]
        file: File,
    },
    /// Print the keys that a GraphQL schema declares, as entries of a key file; or the tables for it, as SQL.
    ///
    /// A field whose type is another table's is a key: to its `id`, or to the field that `@join(on: name)` names. Where no type
    /// is marked `@entity`, each one is a table. Exit code 0: fine. 1: faults in the schema, each with its place. 2: could not
    /// run.
    Import {
        /// The schema.
        file: PathBuf,
        /// The source that has the tables.
        #[arg(long)]
        source: String,
        /// A type whose table another source has; may be given several times.
        #[arg(long = "place", value_name = "TYPE=SOURCE")]
        places: Vec<String>,
        /// Print the statements that make the source's tables, indexes and constraints instead.
        #[arg(long, value_enum, value_name = "KIND")]
        create_tables: Option<import::Kind>,
    },
    /// Print the completions of a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

#[derive(clap::Args)]
struct File {
    /// The key file.
    #[arg(short = 'c', long = "config", env = "CROSSKEY_CONFIG", default_value = "config/crosskey.toml")]
    config: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum CheckForm {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Instead of the faults, the tables that the proxy keeps in each database, for whoever makes them by hand.
    Sql,
}

#[derive(Clone, Copy, ValueEnum)]
enum CheckFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, ValueEnum)]
enum Schema {
    Config,
    Openapi,
    Graphql,
}

/// Reads the command line and runs it.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let format = match cli.log_format {
        LogForm::Text => LogFormat::Text,
        LogForm::Json => LogFormat::Json,
    };
    if let Err(error) = start_log(format, colours) {
        eprintln!("warning: {error}");
    }
    let code = match cli.command {
        Command::Demo { dir, listen, write_only } => block_on(demo::demo(&dir, listen.as_deref(), write_only, colours)),
        Command::Serve(file) => block_on(serve::serve(&file.config, colours)),
        Command::Check { file, format } => block_on(check(file.config, format, colours)),
        Command::Init { databases } => block_on(init::init(&databases, colours)),
        Command::Audit { file, key, format, repair, apply } => {
            let repairing = repair.map(|how| how.repairing(apply));
            block_on(audit::audit(&file.config, key.as_deref(), repairing, format, colours))
        }
        Command::Explain { request, file, analyze, format } => {
            let json = matches!(format, CheckFormat::Json);
            block_on(explain::explain(&file.config, &request, analyze, json, colours))
        }
        Command::Schema { which: Schema::Openapi, file } => block_on(schema(file.config, colours, |snapshot| {
            let document = rest::openapi::document(snapshot, None).map_err(|error| error.message)?;
            Ok(format!("{}\n", serde_json::to_string_pretty(&document).expect("a document has a JSON form")))
        })),
        Command::Schema { which: Schema::Graphql, file } => {
            block_on(schema(file.config, colours, |snapshot| Ok(graphql::Schema::new(snapshot)?.text())))
        }
        Command::Schema { which: Schema::Config, .. } => {
            let schema = serde_json::to_string_pretty(&config::file::json_schema()).expect("a schema has a JSON form");
            say(&format!("{schema}\n"));
            FINE
        }
        Command::Import { file, source, places, create_tables } => {
            import::import(&file, &source, &places, create_tables)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "crosskey", &mut std::io::stdout());
            FINE
        }
    };
    ExitCode::from(code)
}

fn block_on(command: impl Future<Output = u8>) -> u8 {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            eprintln!("error: the runtime cannot start: {error}");
            COULD_NOT_RUN
        }
    }
}

/// Prints the OpenAPI document of a key file's tables.
/// Prints what the tables of a key file make.
async fn schema(path: PathBuf, colours: bool, made: impl FnOnce(&engine::Snapshot) -> Result<String, String>) -> u8 {
    let Some(config) = loaded(&path, colours) else { return COULD_NOT_RUN };
    let (snapshot, down) = engine::Snapshot::open(config, None).await;
    if !down.is_empty() {
        down.iter().for_each(|(source, cause)| eprintln!("error: source `{source}` does not answer: {cause}"));
        return COULD_NOT_RUN;
    }
    match made(&snapshot) {
        Ok(text) => {
            say(&text);
            FINE
        }
        Err(message) => {
            eprintln!("error: {message}");
            PROBLEMS
        }
    }
}

async fn check(path: PathBuf, format: CheckForm, colours: bool) -> u8 {
    if matches!(format, CheckForm::Sql) {
        return match engine::check::bookkeeping(&path).await {
            Ok(sources) => {
                for (source, statements) in sources {
                    let lines: String = statements.iter().map(|statement| format!("{statement};\n")).collect();
                    say(&format!("-- {source}\n{lines}"));
                }
                FINE
            }
            Err(faults) => {
                print_faults(&faults, colours);
                COULD_NOT_RUN
            }
        };
    }
    let unreadable = !path.is_file();
    let faults = match engine::check::check(&path, crate::api::graphql::faults).await {
        Ok(faults) | Err(faults) => faults,
    };
    match format {
        CheckForm::Json => {
            say(&format!("{}\n", serde_json::to_string_pretty(&faults.lines()).expect("faults have a JSON form")));
        }
        CheckForm::Text | CheckForm::Sql => print_faults(&faults, colours),
    }
    match (unreadable, faults.has_errors()) {
        (true, _) => COULD_NOT_RUN,
        (false, true) => PROBLEMS,
        (false, false) => {
            if matches!(format, CheckForm::Text) {
                let warned = if faults.list.is_empty() { "" } else { ", with warnings" };
                say(&format!("{} is fine{warned}\n", path.display()));
            }
            FINE
        }
    }
}
