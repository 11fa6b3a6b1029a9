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
const PARTS: [&str; 9] = [
    "build",
    "console.html",
    "graphiql.html",
    "package-lock.json",
    "package.json",
    "src",
    "tsconfig.json",
    "vite.config.ts",
    ".npmrc",
];

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names it"));
    let from = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names it")).join("console");
    for part in PARTS.iter().chain(&["build.rs"]) {
        println!("cargo::rerun-if-changed={}", from.join(part).display());
    }
    // Debug and release builds share one copy: OUT_DIR is TARGET/PROFILE/build/NAME/out.
    let work = out.ancestors().nth(4).unwrap_or(&out).join("console");
    let pages = out.join("pages");
    let made = built(&from, &work, &pages).and_then(|()| files(&pages).map_err(|error| error.to_string()));
    let made = made.unwrap_or_else(|reason| {
        println!("cargo::warning=built without the console and GraphiQL: {reason}");
        // Is not there, and so it is tried again by the next build.
        println!("cargo::rerun-if-changed={}", out.join("never").display());
        BTreeMap::new()
    });
    let mut table = "&[\n".to_owned();
    for name in made.keys() {
        let _ = writeln!(table, "    ({name:?}, include_bytes!(concat!(env!(\"OUT_DIR\"), \"/pages/\", {name:?}))),");
    }
    table.push(']');
    fs::write(out.join("console_files.rs"), table)
}

/// Makes the pages of a copy of the sources, where they are not made of the same ones already, and puts them into a folder.
fn built(from: &Path, work: &Path, pages: &Path) -> Result<(), String> {
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
    fs::create_dir_all(work).map_err(told)?;
    // Builds of other profiles wait here.
    let lock = fs::File::create(work.join("lock")).map_err(told)?;
    lock.lock().map_err(told)?;
    let made_of = work.join("made-of");
    if !fs::read_to_string(&made_of).is_ok_and(|made_of| made_of == stamp) {
        drop(fs::remove_file(&made_of));
        // What is no longer among the sources must not be built.
        for part in PARTS.iter().filter(|part| from.join(part).is_dir()) {
            drop(fs::remove_dir_all(work.join(part)));
        }
        copy(&sources, work).map_err(told)?;
        npm(work, &["ci", "--include=dev", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"])?;
        npm(work, &["run", "--silent", "build"])?;
        fs::write(&made_of, stamp).map_err(told)?;
    }
    if pages.exists() {
        fs::remove_dir_all(pages).map_err(told)?;
    }
    copy(&files(&work.join("dist")).map_err(told)?, pages).map_err(told)
}

fn copy(files: &BTreeMap<String, PathBuf>, to: &Path) -> io::Result<()> {
    for (name, path) in files {
        let to = to.join(name);
        fs::create_dir_all(to.parent().unwrap_or(&to))?;
        fs::copy(path, to)?;
    }
    Ok(())
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
