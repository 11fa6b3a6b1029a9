//! Builds the pages that browsers see, by npm, and puts them into the program. Without Node, or where npm fails, the program is
//! built without them, and says so.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the pages are made of.
const PARTS: [&str; 8] =
    ["build", "graphiql.html", "package-lock.json", "package.json", "src", "tsconfig.json", "vite.config.ts", ".npmrc"];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it"));
    let from = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names it")).join("console");
    for part in PARTS.iter().chain(&["build.rs"]) {
        println!("cargo::rerun-if-changed={}", from.join(part).display());
    }
    // Debug and release builds share one copy: OUT_DIR is TARGET/PROFILE/build/NAME/out.
    let work = out.ancestors().nth(4).unwrap_or(&out).join("console");
    let made = match built(&from, &work) {
        Ok(()) => files(&work.join("dist"))?,
        Err(reason) => {
            println!("cargo::warning=built without GraphiQL: {reason}");
            BTreeMap::new()
        }
    };
    let mut table = "&[\n".to_owned();
    for (name, path) in made {
        let _ = writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    table.push(']');
    fs::write(out.join("console_files.rs"), table)
}

/// Makes the pages of a copy of the sources, where they are not made of the same ones already.
fn built(from: &Path, work: &Path) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let mut sources = BTreeMap::new();
    for part in PARTS {
        let path = from.join(part);
        match path.is_dir() {
            true => {
                sources.extend(files(&path).map_err(told)?.into_iter().map(|(name, at)| (format!("{part}/{name}"), at)))
            }
            false => drop(sources.insert(part.to_owned(), path)),
        }
    }
    let mut stamp = String::new();
    for (name, path) in &sources {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let _ = writeln!(stamp, "{name} {}", String::from_utf8_lossy(&text));
    }
    if fs::read_to_string(work.join("made-of")).is_ok_and(|made_of| made_of == stamp) {
        return Ok(());
    }
    for (name, path) in &sources {
        let to = work.join(name);
        fs::create_dir_all(to.parent().unwrap_or(work)).map_err(told)?;
        fs::copy(path, to).map_err(told)?;
    }
    npm(work, &["ci", "--silent", "--no-audit", "--no-fund"])?;
    npm(work, &["run", "--silent", "build"])?;
    fs::write(work.join("made-of"), stamp).map_err(told)
}

fn npm(work: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("npm");
    command.args(arguments).current_dir(work).env("CROSSKEY_CONSOLE_OUT", work.join("dist"));
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "npm is not here; install Node 20.19 or later, and build again".to_owned(),
        _ => format!("npm: {error}"),
    })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let last: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = last[last.len().saturating_sub(3)..].join("; ");
    Err(format!("`npm {}` failed: {last}", arguments.join(" ")))
}

/// All files of a folder, by their names within it.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (name, path) = (entry.file_name().to_string_lossy().into_owned(), entry.path());
        match entry.file_type()?.is_dir() {
            true => found.extend(files(&path)?.into_iter().map(|(below, path)| (format!("{name}/{below}"), path))),
            false => drop(found.insert(name, path)),
        }
    }
    Ok(found)
}
