"""A page whose picture has a caption, for the tests of every interface that translates it on demand."""

CAPTION = "Pedagang menata beras di Pasar Bintoro."
PICTURED = (
    "Kabar Contoh\nBeranda\nDaerah\nEkonomi\n\nHarga Beras Naik Lagi di Demak\n\n"
    f"Senin, 23 November 2026 | 19:05 WIB\n\n{CAPTION} (Foto: Rina Lestari/Kabar Contoh)\n\n"
    "DEMAK - Harga beras di Demak naik 12 persen sejak Senin pagi. Warga tidak panik, kata kepala pasar.\n\n"
    "Pasokan beras ke Demak aman sampai akhir tahun karena panen di Kudus dan Jepara cukup besar.\n\n"
    "Baca juga: Stok Gula Aman\nBerita Terkait\nCopyright © 2026 Kabar Contoh. All rights reserved.\n"
)
