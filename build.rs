//! Puts the built web app into the program: writes a table of the files in `clients/web/dist`, with
//! their precompressed forms, for `src/api/web.rs` to include. Without a built app the table is empty.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const DIST: &str = "clients/web/dist";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={DIST}");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join(DIST);
    // Cargo counts a missing path as changed and would then build the whole crate every time.
    if !root.is_dir() && fs::create_dir_all(&root).is_err() {
        println!("cargo:warning={DIST} cannot be created, so every build compiles the whole crate again");
    }
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();

    let mut table = String::from("[\n");
    for file in files.iter().filter(|file| !is_compressed(file)) {
        let Ok(path) = file.strip_prefix(&root) else { continue };
        let path = path.to_string_lossy().replace('\\', "/");
        let form = |suffix: &str| {
            let compressed = PathBuf::from(format!("{}.{suffix}", file.display()));
            if files.contains(&compressed) { format!("Some({})", include(&compressed)) } else { "None".to_owned() }
        };
        let (bytes, brotli, gzip) = (include(file), form("br"), form("gz"));
        writeln!(table, "    Asset {{ path: {path:?}, bytes: {bytes}, brotli: {brotli}, gzip: {gzip} }},")
            .map_err(io::Error::other)?;
    }
    table.push_str("]\n");

    let to = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("web_assets.rs");
    fs::write(to, table)
}

/// The expression for the bytes of a file.
fn include(file: &Path) -> String {
    format!("include_bytes!({:?})", file.to_string_lossy())
}

fn is_compressed(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "br" || extension == "gz")
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(directory) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
