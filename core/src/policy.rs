//! Who may claim which title, to reach which PACS, for which services.
