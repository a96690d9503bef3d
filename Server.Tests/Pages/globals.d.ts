// The browser's own reader of codes (W3C Shape Detection), which TypeScript's DOM library lacks.

interface DetectedBarcode {
  boundingBox: DOMRectReadOnly;
  cornerPoints: { x: number; y: number }[];
  format: string;
  rawValue: string;
}

declare class BarcodeDetector {
  static getSupportedFormats(): Promise<string[]>;
  constructor(options?: { formats: string[] });
  detect(image: ImageBitmapSource): Promise<DetectedBarcode[]>;
}

/** Made by the server for each visitor: Sessions/SessionEndpoints.cs. */
declare module '*/visitor.js' {
  export const mayBeSignedIn: boolean;
  /** Empty where there is none. */
  export const provider: string;
}
