//! Logos: decoded within limits and encoded anew, so that what is stored and served can be nothing but an image.

use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Sha256Digest;
use domain::provider::Logo;
use image::{DynamicImage, ImageFormat, ImageReader, Limits};

/// The largest file that is taken, in bytes.
pub(crate) const MAX_FILE: usize = 512 * 1024;

/// The longest edge of a stored logo, in pixels.
pub(crate) const EDGE: u32 = 256;

/// The longest edge of an image that is decoded, in pixels.
const MAX_EDGE: u32 = 4096;

/// What decoding may allocate, in bytes: one image of 4096 by 4096 in RGBA, and as much again.
const MAX_ALLOC: u64 = 128 * 1024 * 1024;

/// Why a file is no logo. It never holds a part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LogoError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is larger than [`MAX_FILE`].
    #[error("the file is larger than 512 KiB")]
    TooLarge,
    /// It is a vector image, which can hold scripts.
    #[error("an SVG may hold scripts and is not taken: export the logo as PNG, JPEG or WebP")]
    Svg,
    /// It is of another format, or of none.
    #[error("the file is no PNG, JPEG or WebP image")]
    Format,
    /// It is an image, but a broken one.
    #[error("the image cannot be decoded: it is damaged or cut off")]
    Damaged,
    /// It unfolds to more than is decoded.
    #[error("the image has more than 4096 pixels on an edge, or needs too much memory")]
    TooManyPixels,
    /// The text is no data URL of an image.
    #[error("expected a data URL, such as `data:image/png;base64,…`")]
    DataUrl,
}

impl LogoError {
    /// Its stable code.
    #[must_use]
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLarge => "too-large",
            Self::Svg => "svg",
            Self::Format => "not-an-image",
            Self::Damaged => "damaged",
            Self::TooManyPixels => "too-many-pixels",
            Self::DataUrl => "not-a-data-url",
        }
    }
}

/// Makes a logo of a PNG, JPEG or WebP file.
///
/// # Errors
/// See [`LogoError`].
pub(crate) fn from_file(file: &[u8]) -> Result<Logo, LogoError> {
    if file.is_empty() {
        return Err(LogoError::Empty);
    }
    if file.len() > MAX_FILE {
        return Err(LogoError::TooLarge);
    }
    // By its first bytes, whatever the caller says that it is.
    let format = image::guess_format(file).map_err(|_| not_an_image(file))?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(LogoError::Format);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_EDGE);
    limits.max_image_height = Some(MAX_EDGE);
    limits.max_alloc = Some(MAX_ALLOC);
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => LogoError::TooManyPixels,
        _ => LogoError::Damaged,
    })?;
    encode(&image)
}

/// Makes a logo of a data URL (RFC 2397) in base64.
///
/// # Errors
/// See [`LogoError`].
pub(crate) fn from_data_url(url: &str) -> Result<Logo, LogoError> {
    let rest = url.strip_prefix("data:").ok_or(LogoError::DataUrl)?;
    let (media, data) = rest.split_once(',').ok_or(LogoError::DataUrl)?;
    let media = media.strip_suffix(";base64").ok_or(LogoError::DataUrl)?;
    if media.starts_with("image/svg") {
        return Err(LogoError::Svg);
    }
    // Checked before decoding, so that nothing large is allocated for nothing.
    if data.len() > MAX_FILE.div_ceil(3) * 4 {
        return Err(LogoError::TooLarge);
    }
    let file = STANDARD.decode(data).map_err(|_| LogoError::DataUrl)?;
    from_file(&file)
}

fn encode(image: &DynamicImage) -> Result<Logo, LogoError> {
    let small = if image.width() > EDGE || image.height() > EDGE {
        image.thumbnail(EDGE, EDGE)
    } else {
        image.clone()
    };
    let mut png = Vec::new();
    // Eight bits a channel, and none of the file's own metadata.
    DynamicImage::ImageRgba8(small.into_rgba8())
        .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
        .map_err(|_| LogoError::Damaged)?;
    Ok(Logo {
        sha256: Sha256Digest::of(&png),
        png: STANDARD.encode(&png),
    })
}

fn not_an_image(file: &[u8]) -> LogoError {
    let head = String::from_utf8_lossy(&file[..file.len().min(1024)]).to_ascii_lowercase();
    if head.contains("<svg") {
        LogoError::Svg
    } else {
        LogoError::Format
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut file = Vec::new();
        let image = DynamicImage::new_rgb8(width, height);
        image.write_to(&mut Cursor::new(&mut file), format).unwrap();
        file
    }

    #[test]
    fn png_jpeg_and_webp_become_a_small_png() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let logo = from_file(&file(600, 300, format)).unwrap();
            let bytes = STANDARD.decode(&logo.png).unwrap();
            assert_eq!(Sha256Digest::of(&bytes), logo.sha256);
            let decoded = image::load_from_memory_with_format(&bytes, ImageFormat::Png).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (256, 128));
        }
    }

    #[test]
    fn a_small_logo_keeps_its_size() {
        let bytes = STANDARD
            .decode(from_file(&file(24, 24, ImageFormat::Png)).unwrap().png)
            .unwrap();
        assert_eq!(image::load_from_memory(&bytes).unwrap().width(), 24);
    }

    #[test]
    fn a_bomb_is_refused_before_it_unfolds() {
        let mut bomb = Vec::new();
        DynamicImage::new_luma8(5000, 5000)
            .write_to(&mut Cursor::new(&mut bomb), ImageFormat::Png)
            .unwrap();
        assert!(bomb.len() < MAX_FILE);
        assert_eq!(from_file(&bomb).unwrap_err(), LogoError::TooManyPixels);
    }

    #[test]
    fn what_is_no_image_is_refused() {
        let whole = file(64, 64, ImageFormat::Png);
        let cases: [(&[u8], LogoError); 6] = [
            (b"", LogoError::Empty),
            (b"MZ\x90\x00 not an image", LogoError::Format),
            (
                b"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                LogoError::Svg,
            ),
            (&whole[..whole.len() / 2], LogoError::Damaged),
            (b"GIF89a\x01\x00\x01\x00", LogoError::Format),
            (&vec![0x89; MAX_FILE + 1], LogoError::TooLarge),
        ];
        for (file, expected) in cases {
            assert_eq!(from_file(file).unwrap_err(), expected);
        }
    }

    #[test]
    fn a_data_url_is_read_and_anything_else_is_not() {
        let url = format!(
            "data:image/png;base64,{}",
            STANDARD.encode(file(8, 8, ImageFormat::Png))
        );
        assert!(from_data_url(&url).is_ok());
        assert_eq!(
            from_data_url("https://example.com/logo.png").unwrap_err(),
            LogoError::DataUrl
        );
        assert_eq!(
            from_data_url("data:image/svg+xml;base64,PHN2Zy8+").unwrap_err(),
            LogoError::Svg
        );
        assert_eq!(
            from_data_url("data:image/png;base64,%%%").unwrap_err(),
            LogoError::DataUrl
        );
    }
}
