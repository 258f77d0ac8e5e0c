export { s3TileFiles } from './s3-tile-files.ts';
export type { S3TileFiles } from './s3-tile-files.ts';
export { S3TileSettings } from './s3-settings.ts';
export type { S3Limits } from './s3-settings.ts';
