//! With the feature `demo`: lists the files of the demo page for `src/demo.rs`, which embeds them.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// What the page takes from the built package.
const OF_PACKAGE: [&str; 4] =
    ["index.js", "local.js", "glue/room_messaging_bg.wasm", "local/room_local_bg.wasm"];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DEMO").is_none() {
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (www, pkg) = (root.join("www"), root.join("pkg"));
    let of_package = OF_PACKAGE.iter().map(|name| (format!("pkg/{name}"), pkg.join(name)));
    let files: Vec<_> = pages(&www).into_iter().chain(of_package).collect();
    for (_, file) in &files {
        assert!(file.is_file(), "{} is not there: npm run build makes it", file.display());
        println!("cargo::rerun-if-changed={}", file.display());
    }
    println!("cargo::rerun-if-changed={}", www.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    fs::write(out.join("demo.rs"), expression(&files)).expect("OUT_DIR can be written to");
}

/// The files of the folder, by the path under which they are served.
fn pages(www: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(www).expect("www can be read");
    let mut pages: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("www can be read");
            (entry.file_name().into_string().expect("names are UTF-8"), entry.path())
        })
        .collect();
    pages.sort();
    pages
}

fn expression(files: &[(String, PathBuf)]) -> String {
    let file = |(path, file): &(String, PathBuf)| {
        let file = file.to_str().expect("paths are UTF-8");
        format!("StaticFile {{ path: {path:?}, bytes: include_bytes!({file:?}) }},\n")
    };
    format!("&[\n{}]\n", files.iter().map(file).collect::<String>())
}
