// Of keys of the key file that are no entries of their own (`foreign_key = [{…}, {…}]`), so that nothing here can change them.
export const INLINE = 'written as a list in the file; change it there';
