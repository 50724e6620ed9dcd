// When two labels are the same one, as the server sees it.

/** Equal for two spellings of the same label: case does not count, nor how characters are composed. */
export const labelKey = (label: string): string => label.normalize('NFC').toLowerCase().normalize('NFC');
