//! Unpacks an archive.

use std::{
    fs::{self, File, Permissions},
    io::{self, Cursor},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use zip::ZipArchive;

/// Unpacks a zip into a folder. Everybody may read what is in it, whatever the umask.
pub(super) fn unpack(archive: &[u8], folder: &Path) -> io::Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(archive))?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(name) = entry.enclosed_name() else {
            let outside = format!("it has {}, which is outside of it", entry.name());
            return Err(io::Error::new(io::ErrorKind::InvalidData, outside));
        };
        let path = folder.join(name);
        if entry.is_dir() {
            make_folder(&path)?;
            continue;
        }
        path.parent().map_or(Ok(()), make_folder)?;
        io::copy(&mut entry, &mut File::create(&path)?)?;
        let executable = entry.unix_mode().unwrap_or_default() & 0o111;
        fs::set_permissions(&path, Permissions::from_mode(0o644 | executable))?;
    }
    Ok(())
}

/// Makes a folder that everybody may enter, and those that it is in.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    folder.parent().map_or(Ok(()), make_folder)?;
    match fs::create_dir(folder) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(0o755))),
    }
}
