use crate::Error;
use ring::rand::{SecureRandom as _, SystemRandom};

/// A random UUID.
pub(crate) fn uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Random)?;
    // Version 4, variant 1.
    let random = u128::from_be_bytes(bytes) & !(0b1111 << 76 | 0b11 << 62);
    let id = format!("{:032x}", random | 4 << 76 | 0b10 << 62);
    let groups = [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| id.get(group).unwrap_or_default());
    Ok(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_random_and_has_version_and_variant() {
        let [one, two] = [uuid().unwrap(), uuid().unwrap()];
        assert_ne!(one, two);
        for id in [one, two] {
            let groups: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
            assert!(id.as_bytes()[14] == b'4' && b"89ab".contains(&id.as_bytes()[19]), "{id}");
        }
    }
}
