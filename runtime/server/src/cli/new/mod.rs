//! `stepwell new`: the beginning of a Task, in a folder of its own.
//!
//! What is written are the very files of `examples/five-languages`, which the tests build
//! and run, with the contract beside them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{Outcome, output};

/// Begin a Task in a language of your choice: sources, contract, build script, a page to read.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  stepwell new --lang rust charge
  stepwell new --lang python ./tasks/charge")]
pub(super) struct New {
    /// The language.
    #[arg(long)]
    lang: Language,
    /// The folder to make; it must not exist yet, or be empty.
    dir: PathBuf,
}

/// A language that a Task can be begun in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Language {
    /// Rust, with the crate stepwell-task.
    Rust,
    /// C against the contract, or as a WASI command.
    C,
    /// Go, as a WASI command.
    Go,
    /// JavaScript, by componentize-js.
    Js,
    /// Python, by componentize-py.
    Python,
}

/// A file's path within the folder, and its content.
type File = (&'static str, &'static [u8]);

macro_rules! root {
    ($path:expr) => {
        include_bytes!(concat!("../../../../../", $path))
    };
}

macro_rules! task {
    ($path:expr) => {
        root!(concat!("examples/five-languages/tasks/", $path))
    };
}

/// What every Task begins with.
const CONTRACT: &[File] = &[
    ("wit/task.wit", root!("wit/task.wit")),
    ("wit/README.md", root!("wit/README.md")),
];

const RUST: &[File] = &[
    ("README.md", root!("docs/tasks/rust.md")),
    (".gitignore", b"/target\n/task.wasm\n"),
    ("Cargo.toml", include_bytes!("rust/Cargo.toml")),
    (
        ".cargo/config.toml",
        include_bytes!("rust/.cargo/config.toml"),
    ),
    ("build.sh", include_bytes!("rust/build.sh")),
    ("src/lib.rs", task!("total-rust/src/lib.rs")),
    (SDK_MANIFEST, root!("guest-sdk/Cargo.toml")),
    (
        "stepwell-task/src/allocator.rs",
        root!("guest-sdk/src/allocator.rs"),
    ),
    (
        "stepwell-task/src/bindings.rs",
        root!("guest-sdk/src/bindings.rs"),
    ),
    (
        "stepwell-task/src/context.rs",
        root!("guest-sdk/src/context.rs"),
    ),
    (
        "stepwell-task/src/failure.rs",
        root!("guest-sdk/src/failure.rs"),
    ),
    (
        "stepwell-task/src/handle.rs",
        root!("guest-sdk/src/handle.rs"),
    ),
    ("stepwell-task/src/heap.rs", root!("guest-sdk/src/heap.rs")),
    ("stepwell-task/src/lib.rs", root!("guest-sdk/src/lib.rs")),
    ("stepwell-task/src/log.rs", root!("guest-sdk/src/log.rs")),
    (
        "stepwell-task/src/native.rs",
        root!("guest-sdk/src/native.rs"),
    ),
];

const C: &[File] = &[
    ("README.md", root!("docs/tasks/c.md")),
    (".gitignore", b"/task.wasm\n"),
    ("build.sh", task!("total-c/build.sh")),
    ("component.c", task!("total-c/component.c")),
    ("command.c", task!("total-c/command.c")),
    ("total.c", task!("total-c/total.c")),
    ("total.h", task!("total-c/total.h")),
    ("requirements.txt", task!("total-c/requirements.txt")),
    ("bindings/task.c", task!("total-c/bindings/task.c")),
    ("bindings/task.h", task!("total-c/bindings/task.h")),
    (
        "bindings/task_component_type.o",
        task!("total-c/bindings/task_component_type.o"),
    ),
];

const GO: &[File] = &[
    ("README.md", root!("docs/tasks/go.md")),
    (".gitignore", b"/task.wasm\n"),
    ("build.sh", task!("total-go/build.sh")),
    ("requirements.txt", task!("total-go/requirements.txt")),
    ("go.mod", task!("total-go/go.mod")),
    ("main.go", task!("total-go/main.go")),
    ("main_test.go", task!("total-go/main_test.go")),
];

const JS: &[File] = &[
    ("README.md", root!("docs/tasks/javascript.md")),
    (".gitignore", b"/node_modules\n/task.wasm\n"),
    ("build.sh", task!("total-js/build.sh")),
    ("build.js", task!("total-js/build.js")),
    ("package.json", task!("total-js/package.json")),
    ("total.js", task!("total-js/total.js")),
];

const PYTHON: &[File] = &[
    ("README.md", root!("docs/tasks/python.md")),
    (".gitignore", b"/task.wasm\n__pycache__\n"),
    ("build.sh", task!("total-python/build.sh")),
    ("requirements.txt", task!("total-python/requirements.txt")),
    ("total.py", task!("total-python/total.py")),
];

const SDK_MANIFEST: &str = "stepwell-task/Cargo.toml";

/// guest-sdk belongs to the examples' workspace; here it does not.
fn without_workspace(manifest: &[u8]) -> String {
    String::from_utf8_lossy(manifest).replace("workspace = \"../examples\"\n", "")
}

/// Longest name of a function. Source: AWS Lambda, `FunctionName` of CreateFunction.
const NAME_CHARS_MAX: usize = 64;

impl Language {
    fn files(self) -> &'static [File] {
        match self {
            Self::Rust => RUST,
            Self::C => C,
            Self::Go => GO,
            Self::Js => JS,
            Self::Python => PYTHON,
        }
    }
}

impl New {
    pub(super) fn execute(&self) -> anyhow::Result<Outcome> {
        refuse_what_is_in_use(&self.dir)?;
        for (name, content) in self.lang.files().iter().chain(CONTRACT) {
            let path = self.dir.join(name);
            let written = match *name {
                SDK_MANIFEST => write(&path, without_workspace(content).as_bytes()),
                _ => write(&path, content),
            };
            written.with_context(|| format!("cannot write {}", path.display()))?;
        }
        output::say(self.next_steps());
        Ok(Outcome::Success)
    }

    /// The folder's name, as far as a function may have it.
    fn name(&self) -> String {
        let whole = self.dir.canonicalize().unwrap_or_default();
        let name = whole.file_name().unwrap_or_default().to_string_lossy();
        let fits = |char: &char| char.is_ascii_alphanumeric() || "-_".contains(*char);
        let name: String = name.chars().filter(fits).take(NAME_CHARS_MAX).collect();
        if name.is_empty() {
            "task".to_owned()
        } else {
            name
        }
    }

    fn next_steps(&self) -> String {
        let dir = self.dir.display();
        let name = self.name();
        format!(
            "{dir} holds a Task that adds up an order; README.md says what to install. Then:
  cd {dir}
  sh build.sh
  stepwell task invoke ./task.wasm --input '[4999, 1250, 300]'
  stepwell task deploy {name} task.wasm --data-dir ./data
and name it in a definition: \"Resource\": \"wasm:{name}\""
        )
    }
}

/// A folder with anything in it is somebody's work.
fn refuse_what_is_in_use(dir: &Path) -> anyhow::Result<()> {
    let mut entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        entries => entries.with_context(|| format!("cannot use {}", dir.display()))?,
    };
    if entries.next().is_some() {
        bail!("{} is not empty; name a folder that is new", dir.display());
    }
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, content)
}
