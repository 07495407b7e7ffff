//! What this process has taken of the machine, as Linux counts; 0 elsewhere.

/// How long this process has worked, on all cores, in seconds; told in hundredths.
pub fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may hold spaces and brackets: what comes after it is counted.
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |place| {
        let field = after_name.split_whitespace().nth(place)?;
        field.parse::<f64>().ok()
    };
    let (user, system) = (ticks(11).unwrap_or(0.0), ticks(12).unwrap_or(0.0));
    (user + system) / 100.0
}

/// The memory that this process holds now.
pub fn memory_bytes() -> u64 {
    status("VmRSS")
}

/// The most memory that this process has held.
pub fn memory_bytes_peak() -> u64 {
    status("VmHWM")
}

fn status(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kibibytes = line.map(|line| line.trim_matches([':', '\t', ' ', 'k', 'B']));
    kibibytes
        .and_then(|text| text.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
