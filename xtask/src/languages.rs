//! The same Task in five languages: from `examples/five-languages/tasks/<task>/` to
//! `<task>.wasm` beside it, each by the `build.sh` that its author would call.
//!
//! Each is built in a folder laid out as `stepwell new` lays it out, with the contract in
//! `wit/`, so that the templates are tested by it. What was built from the same files by the
//! same tools is not built again.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Result;
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{Workspace, at, stage_within};
use crate::{guests, node, python};

const STORY: &str = "examples/five-languages/tasks";

/// Where `stepwell new` keeps what its Rust template has beyond the example.
const RUST_TEMPLATE: &str = "runtime/server/src/cli/new/rust";

/// The line by which guest-sdk belongs to the examples: in the template it does not.
const GUEST_WORKSPACE: &str = "workspace = \"../examples\"\n";

/// Longest time to build one Task: JavaScript's takes twenty seconds on an idle machine.
const BUILDING_TIME_MAX: Duration = Duration::from_secs(15 * 60);

/// One Task of the story that is not built by cargo.
struct Task {
    /// The module's name.
    name: &'static str,
    /// The folder of its source.
    source: &'static str,
    /// What its `build.sh` is given.
    argument: Option<&'static str>,
    compiler: Compiler,
}

/// Where the compiler comes from; the file beside the source says in which version.
#[derive(Clone, Copy)]
enum Compiler {
    /// PyPI, by `requirements.txt`.
    Python(&'static str),
    /// npm, by `package.json`.
    Node(&'static str),
}

/// Clang with a C library for WASI: Zig brings both, and needs no root to install.
const ZIG: Compiler = Compiler::Python("Zig's C compiler (100 MB)");

const TASKS: [Task; 5] = [
    Task {
        name: "total-c",
        source: "total-c",
        argument: None,
        compiler: ZIG,
    },
    Task {
        name: "total-c-command",
        source: "total-c",
        argument: Some("command"),
        compiler: ZIG,
    },
    Task {
        name: "total-go",
        source: "total-go",
        argument: None,
        compiler: Compiler::Python("the Go toolchain (70 MB)"),
    },
    Task {
        name: "total-js",
        source: "total-js",
        argument: None,
        compiler: Compiler::Node("componentize-js"),
    },
    Task {
        name: "total-python",
        source: "total-python",
        argument: None,
        compiler: Compiler::Python("componentize-py (40 MB)"),
    },
];

/// Builds all of them whose tools can be had. Answers a line for each that was skipped.
///
/// # Errors
/// When one does not build although its tools are there.
pub(crate) fn build(workspace: &Workspace) -> Result<Vec<String>> {
    build_rust_template(workspace)?;
    let mut skipped = Vec::new();
    for task in &TASKS {
        match task.compiler(workspace) {
            Ok(compiler) => task.build(workspace, &compiler)?,
            Err(why) => {
                let line = format!("SKIPPED: the task {}: {why}", task.name);
                eprintln!("==> {line}");
                skipped.push(line);
                // What an earlier run left would be tested as if it were this one's.
                remove(&task.module(workspace))?;
            }
        }
    }
    Ok(skipped)
}

impl Task {
    fn module(&self, workspace: &Workspace) -> PathBuf {
        let file = format!("{}.wasm", self.name);
        workspace.root.join(STORY).join(file)
    }

    /// Gets the compiler: the folder of an environment, or of packages.
    fn compiler(&self, workspace: &Workspace) -> Result<PathBuf> {
        let source = Path::new(STORY).join(self.source);
        match self.compiler {
            Compiler::Python(what) => {
                let requirements = source.join("requirements.txt");
                python::environment(workspace, &requirements.to_string_lossy(), what)
            }
            Compiler::Node(what) => {
                let package = workspace.root.join(source).join("package.json");
                node::modules(workspace, &package, what)
            }
        }
    }

    fn build(&self, workspace: &Workspace, compiler: &Path) -> Result<()> {
        let mut files = Files::default();
        files.add(&workspace.root.join(STORY).join(self.source), "")?;
        files.add(&workspace.root.join("wit"), "wit")?;
        let staged = staged(workspace, self.name);
        if files.lay(&staged, &compiler.to_string_lossy())? {
            let mut build = Command::new("sh");
            build
                .arg("build.sh")
                .args(self.argument)
                .current_dir(&staged);
            self.set_up(&mut build, compiler, workspace, &staged)?;
            let what = format!("Building the task {} (up to a minute)", self.name);
            stage_within(BUILDING_TIME_MAX, &what, &mut build)?;
            files.seal(&staged)?;
        }
        guests::copy_if_changed(&staged.join(MODULE), &self.module(workspace))
    }

    /// Makes the compiler be found.
    fn set_up(
        &self,
        build: &mut Command,
        compiler: &Path,
        workspace: &Workspace,
        staged: &Path,
    ) -> Result<()> {
        match self.compiler {
            Compiler::Node(_) => {
                let link = staged.join("node_modules");
                std::os::unix::fs::symlink(compiler, &link).map_err(at(&link))?;
            }
            Compiler::Python(_) => {
                let mut path = vec![compiler.join("bin")];
                path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
                let path = env::join_paths(path).map_err(|error| error.to_string())?;
                build.env("PATH", path);
            }
        }
        build
            .env("CC", "python-zig cc")
            // What they keep between builds, kept where all of ours is.
            .env("ZIG_GLOBAL_CACHE_DIR", workspace.cache.join("zig"))
            .env("GOCACHE", workspace.cache.join("go"))
            .env("GOTOOLCHAIN", "local");
        Ok(())
    }
}

/// Builds what `stepwell new --lang rust` writes. It has cargo's own `build.sh`, whose
/// compiler may not be the one that has the target here.
fn build_rust_template(workspace: &Workspace) -> Result<()> {
    let root = &workspace.root;
    let mut files = Files::default();
    files.add(&root.join(RUST_TEMPLATE), "")?;
    files.add(&root.join(STORY).join("total-rust/src"), "src")?;
    files.add(&root.join("guest-sdk"), "stepwell-task")?;
    files.take_out("stepwell-task/Cargo.toml", GUEST_WORKSPACE);
    files.add(&root.join("wit"), "wit")?;
    let staged = staged(workspace, "total-rust");
    if !files.lay(&staged, "cargo")? {
        return Ok(());
    }
    let lock = staged.join("Cargo.lock");
    fs::copy(root.join("examples/Cargo.lock"), &lock).map_err(at(&lock))?;
    let mut cargo = Toolchain::get(workspace)?.cargo(workspace);
    cargo
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .current_dir(&staged)
        .env("CARGO_TARGET_DIR", guests::target(workspace));
    stage_within(
        BUILDING_TIME_MAX,
        "Building the template of a Task in Rust",
        &mut cargo,
    )?;
    let built = guests::target(workspace).join(TARGET);
    guests::copy_if_changed(&built.join("release/task.wasm"), &staged.join(MODULE))?;
    files.seal(&staged)
}

/// What every `build.sh` makes.
const MODULE: &str = "task.wasm";

/// What a module was made of, written when it was made.
const SEAL: &str = ".built-from";

fn staged(workspace: &Workspace, task: &str) -> PathBuf {
    workspace.target.join("languages").join(task)
}

/// The files that a module is made of.
#[derive(Default)]
struct Files {
    /// Path within the folder, and content; in order.
    files: Vec<(PathBuf, Vec<u8>)>,
    sealed: Vec<u8>,
}

impl Files {
    /// Adds a folder's files, those of its folders too.
    fn add(&mut self, folder: &Path, as_folder: &str) -> Result<()> {
        let mut found = Vec::new();
        walk(folder, Path::new(as_folder), &mut found)?;
        found.sort();
        for (file, name) in found {
            let content = fs::read(&file).map_err(at(&file))?;
            self.files.push((name, content));
        }
        Ok(())
    }

    /// Takes a piece of text out of a file.
    fn take_out(&mut self, name: &str, text: &str) {
        for (file, content) in &mut self.files {
            if file == Path::new(name) {
                *content = String::from_utf8_lossy(content)
                    .replace(text, "")
                    .into_bytes();
            }
        }
    }

    /// Lays them out in a folder that holds nothing else; false when it holds what was built
    /// of just these, by the same tools.
    fn lay(&mut self, folder: &Path, by: &str) -> Result<bool> {
        self.sealed = by.as_bytes().to_vec();
        for (name, content) in &self.files {
            self.sealed
                .extend(format!("\n{}\n", name.display()).into_bytes());
            self.sealed.extend(content);
        }
        let built = fs::read(folder.join(SEAL)).is_ok_and(|seal| seal == self.sealed);
        if built && folder.join(MODULE).is_file() {
            return Ok(false);
        }
        if folder.exists() {
            fs::remove_dir_all(folder).map_err(at(folder))?;
        }
        for (name, content) in &self.files {
            let file = folder.join(name);
            let parent = file.parent().expect("in a folder");
            fs::create_dir_all(parent).map_err(at(parent))?;
            fs::write(&file, content).map_err(at(&file))?;
        }
        Ok(true)
    }

    /// Says that the module there is made of these.
    fn seal(&self, folder: &Path) -> Result<()> {
        let seal = folder.join(SEAL);
        fs::write(&seal, &self.sealed).map_err(at(&seal))
    }
}

fn walk(folder: &Path, name: &Path, found: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        let name = name.join(path.file_name().expect("read from a folder"));
        if path.is_dir() {
            walk(&path, &name, found)?;
        } else {
            found.push((path, name));
        }
    }
    Ok(())
}

fn remove(module: &Path) -> Result<()> {
    match fs::remove_file(module) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(at(module)(error)),
        _ => Ok(()),
    }
}
