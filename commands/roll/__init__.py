"""The admission register: pupils, their groups, parents and relations."""
