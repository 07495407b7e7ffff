//! What a version of a module may use and reach, as flags.

use host::{Directory, Endpoint, LIMITS_MAX, Limits, SecretName};
use serde_json::{Map, Value, json};

/// What a version may use and reach. Without a grant it is pure: the same input gives the same
/// output, and an attempt that a crash cut off is repeated unseen.
#[derive(Debug, clap::Args)]
pub(super) struct Sandbox {
    /// Linear memory, in MiB.
    #[arg(
        long,
        value_name = "MIB",
        help_heading = "Limits",
        default_value_t = 128,
        value_parser = clap::value_parser!(u64).range(1..=4096)
    )]
    memory: u64,
    /// Fuel of one attempt: about one unit a Wasm instruction.
    #[arg(
        long,
        value_name = "UNITS",
        help_heading = "Limits",
        default_value_t = Limits::default().fuel_max,
        value_parser = clap::value_parser!(u64).range(1..=1 << 53)
    )]
    fuel: u64,
    /// Longest time of one attempt, in seconds.
    #[arg(
        long,
        value_name = "SECONDS",
        help_heading = "Limits",
        default_value_t = Limits::default().timeout.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=LIMITS_MAX.timeout.as_secs())
    )]
    timeout: u64,
    /// What it may answer, in bytes.
    #[arg(
        long,
        value_name = "BYTES",
        help_heading = "Limits",
        default_value_t = Limits::default().output_bytes_max,
        value_parser = clap::value_parser!(u64).range(1..=LIMITS_MAX.output_bytes_max)
    )]
    output_bytes: u64,
    /// What one attempt may log, in bytes; the rest is dropped and counted.
    #[arg(
        long,
        value_name = "BYTES",
        help_heading = "Limits",
        default_value_t = Limits::default().log_bytes_max,
        value_parser = clap::value_parser!(u64).range(..=LIMITS_MAX.log_bytes_max)
    )]
    log_bytes: u64,
    /// Elements of one table: of what a module calls through pointers.
    #[arg(
        long,
        value_name = "COUNT",
        help_heading = "Limits",
        default_value_t = Limits::default().table_elements_max,
        value_parser = clap::value_parser!(u32).range(..=i64::from(LIMITS_MAX.table_elements_max))
    )]
    table_elements: u32,
    /// Core instances within a component.
    #[arg(
        long,
        value_name = "COUNT",
        help_heading = "Limits",
        default_value_t = Limits::default().instances_max,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(LIMITS_MAX.instances_max))
    )]
    instances: u32,
    /// HTTP connections open at the same time.
    #[arg(
        long,
        value_name = "COUNT",
        help_heading = "Limits",
        default_value_t = Limits::default().connections_max,
        value_parser = clap::value_parser!(u32).range(..=i64::from(LIMITS_MAX.connections_max))
    )]
    connections: u32,
    /// Bodies of HTTP requests and responses of one attempt, in bytes.
    #[arg(
        long,
        value_name = "BYTES",
        help_heading = "Limits",
        default_value_t = Limits::default().http_bytes_max,
        value_parser = clap::value_parser!(u64).range(..=LIMITS_MAX.http_bytes_max)
    )]
    http_bytes: u64,
    /// Let it send HTTP requests to this host, if its name leads to a public address; port 443
    /// unless said. May be given again, as all grants.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Grants")]
    http: Vec<Endpoint>,
    /// Let it send HTTP requests to this host even at an address of a private network, or of this
    /// machine.
    #[arg(long, value_name = "HOST[:PORT]", help_heading = "Grants")]
    private_http: Vec<Endpoint>,
    /// Let it read a directory, or write it too (rw), under the same path inside unless said.
    #[arg(long, value_name = "PATH[:INSIDE][:ro|rw]", help_heading = "Grants")]
    dir: Vec<Directory>,
    /// Give it an environment variable: part of the version, and no secret.
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Grants")]
    env: Vec<(String, String)>,
    /// Give it a secret of the server, as an environment variable of its name.
    #[arg(long, value_name = "NAME", help_heading = "Grants")]
    secret: Vec<SecretName>,
    /// Let its clocks tell the real time.
    #[arg(long, help_heading = "Grants")]
    clock: bool,
    /// Let its randomness be real.
    #[arg(long, help_heading = "Grants")]
    randomness: bool,
    /// What becomes of an attempt that a crash cut off, if anything but variables is granted: it
    /// fails with Stepwell.TaskInterrupted, or is repeated with the same idempotency key.
    #[arg(long, value_name = "fail|retry", default_value = "fail", help_heading = "Grants",
          value_parser = ["fail", "retry"])]
    on_interruption: String,
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

impl Default for Sandbox {
    /// What it is without a flag.
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            memory: limits.memory_bytes_max >> 20,
            fuel: limits.fuel_max,
            timeout: limits.timeout.as_secs(),
            output_bytes: limits.output_bytes_max,
            log_bytes: limits.log_bytes_max,
            table_elements: limits.table_elements_max,
            instances: limits.instances_max,
            connections: limits.connections_max,
            http_bytes: limits.http_bytes_max,
            http: Vec::new(),
            private_http: Vec::new(),
            dir: Vec::new(),
            env: Vec::new(),
            secret: Vec::new(),
            clock: false,
            randomness: false,
            on_interruption: "fail".to_owned(),
        }
    }
}

impl Sandbox {
    /// Adds it to the fields of CreateFunction or UpdateFunctionConfiguration.
    pub(super) fn add_to(&self, fields: &mut Value) {
        let variables: Map<String, Value> = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        fields["Timeout"] = self.timeout.into();
        fields["Environment"] = json!({ "Variables": variables });
        fields["Stepwell"] = json!({
            "Fuel": self.fuel,
            "Memory": self.memory,
            "Limits": {
                "TableElements": self.table_elements,
                "Instances": self.instances,
                "OutputBytes": self.output_bytes,
                "LogBytes": self.log_bytes,
                "Connections": self.connections,
                "HttpBytes": self.http_bytes,
            },
            "Grants": {
                "Http": self.http,
                "PrivateHttp": self.private_http,
                "Directories": self.dir,
                "Secrets": self.secret,
                "Clock": self.clock,
                "Randomness": self.randomness,
            },
            "OnInterruption": match self.on_interruption.as_str() {
                "retry" => "Retry",
                _ => "Fail",
            },
        });
    }
}

/// What a version may use and reach, in words: lines of `task describe`.
pub(super) fn in_words(version: &Value) -> String {
    let (ours, limits) = (&version["Stepwell"], &version["Stepwell"]["Limits"]);
    let grants = grants_in_words(version);
    let cut_off = match (ours["Pure"].as_bool(), ours["OnInterruption"].as_str()) {
        (Some(true), _) => "is repeated: it is pure",
        (_, Some("Retry")) => "is repeated, with the same idempotency key",
        _ => "fails with Stepwell.TaskInterrupted",
    };
    format!(
        "  limits    memory {} MiB, fuel {}, {} s, output {} bytes, log {} bytes,
            tables of {} elements, {} instances, {} connections, HTTP {} bytes
  granted   {}
  cut off   an attempt {cut_off}",
        version["MemorySize"],
        ours["Fuel"],
        version["Timeout"],
        limits["OutputBytes"],
        limits["LogBytes"],
        limits["TableElements"],
        limits["Instances"],
        limits["Connections"],
        limits["HttpBytes"],
        if grants.is_empty() {
            "nothing".to_owned()
        } else {
            grants.join("\n            ")
        },
    )
}

/// Each grant as the flag that gives it. Values of variables are not shown.
fn grants_in_words(version: &Value) -> Vec<String> {
    let grants = &version["Stepwell"]["Grants"];
    let mut said = Vec::new();
    for (field, flag) in [
        ("Http", "--http"),
        ("PrivateHttp", "--private-http"),
        ("Directories", "--dir"),
        ("Secrets", "--secret"),
    ] {
        let all = grants[field].as_array().into_iter().flatten();
        said.extend(
            all.filter_map(Value::as_str)
                .map(|one| format!("{flag} {one}")),
        );
    }
    let variables = version["Environment"]["Variables"].as_object();
    said.extend(
        variables
            .into_iter()
            .flatten()
            .map(|(name, _)| format!("--env {name}")),
    );
    for (field, flag) in [("Clock", "--clock"), ("Randomness", "--randomness")] {
        if grants[field] == true {
            said.push(flag.to_owned());
        }
    }
    said
}
