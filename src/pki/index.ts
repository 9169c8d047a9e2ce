export { createAuthority, openAuthority } from './authority.ts';
export { folderOf, type Issued, issue, type Subject } from './issue.ts';
export { days, dnsName, ipAddress, segment, trustDomain } from './names.ts';
