import { h } from '../common/dom.js';

/** Between two looks at the camera's picture, in milliseconds: fast enough for a hand, and leaves time for the rest of the page. */
const INTERVAL = 120;

/** The browser has no camera for us, or none that may be used now: `refused`, `missing` or `busy`. */
export class CameraFault extends Error {
  /** @param {'refused' | 'missing' | 'busy'} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** @type {Promise<BarcodeDetector> | undefined} */
let detector;

/** The browser's own reader of QR codes, else one that is fetched from our origin; fetched once. */
export function loadDetector() {
  detector ??= makeDetector().catch((error) => {
    detector = undefined;
    throw error;
  });
  return detector;
}

/** @returns {Promise<BarcodeDetector>} */
async function makeDetector() {
  const formats = ['qr_code'];
  if ('BarcodeDetector' in globalThis && (await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
    return new BarcodeDetector({ formats });
  }
  const vendor = (/** @type {string} */ file) => new URL(`../vendor/${file}`, import.meta.url).href;
  const { BarcodeDetector: Reader, prepareZXingModule } = await import(vendor('ponyfill.js'));
  // Left to itself it would fetch its WebAssembly from somebody else's server.
  await prepareZXingModule({ overrides: { locateFile: vendor }, fireImmediately: true });
  return new Reader({ formats });
}

/**
 * What the QR codes in a picture say.
 * @param {ImageBitmapSource} picture
 */
export async function read(picture) {
  const codes = await (await loadDetector()).detect(picture);
  return codes.map(({ rawValue }) => rawValue);
}

/** A live camera that looks for QR codes. A hidden page lets go of it. */
export class Camera {
  video = h('video', { playsinline: true, muted: true, autoplay: true });

  #found;
  #failed;
  #isWanted = false;
  /** @type {MediaStream | undefined} */
  #stream;

  /**
   * @param {(texts: string[]) => void} found every time that there are any in the picture
   * @param {(fault: CameraFault | Error) => void} failed it is of no use any more until it is started again
   */
  constructor(found, failed) {
    this.#found = found;
    this.#failed = failed;
    this.video.muted = true;
  }

  async start() {
    this.#isWanted = true;
    document.addEventListener('visibilitychange', this.#turn);
    await this.#open();
  }

  stop() {
    this.#isWanted = false;
    document.removeEventListener('visibilitychange', this.#turn);
    this.#close();
  }

  #turn = () => (document.visibilityState === 'visible' ? this.#open() : this.#close());

  async #open() {
    if (this.#stream) {
      return;
    }
    try {
      const stream = await openCamera();
      if (!this.#isWanted || this.#stream || document.visibilityState === 'hidden') {
        stop(stream);
        return;
      }
      this.#stream = stream;
      stream.getVideoTracks()[0].onended = () => this.#failed(new CameraFault('busy')); // unplugged, or taken by another app
      this.video.srcObject = stream;
      await this.video.play();
      await this.#look(stream);
    } catch (error) {
      if (this.#isWanted) {
        this.#failed(/** @type {Error} */ (error));
      }
    }
  }

  #close() {
    stop(this.#stream);
    this.#stream = undefined;
    this.video.srcObject = null;
  }

  /** @param {MediaStream} stream as long as it is the one */
  async #look(stream) {
    await loadDetector();
    while (this.#stream === stream) {
      if (this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
        const texts = await read(this.video).catch(() => []); // the next picture may be a better one
        if (texts.length > 0 && this.#stream === stream) {
          this.#found(texts);
        }
      }
      await new Promise((resume) => setTimeout(resume, INTERVAL));
    }
  }
}

/** @throws {CameraFault} */
async function openCamera() {
  try {
    if (!navigator.mediaDevices) {
      throw new CameraFault('missing');
    }
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } });
  } catch (error) {
    const reasons = /** @type {Record<string, 'refused' | 'missing' | 'busy'>} */ (
      { NotAllowedError: 'refused', NotReadableError: 'busy', AbortError: 'busy' });
    throw error instanceof CameraFault ? error : new CameraFault(reasons[/** @type {Error} */ (error).name] ?? 'missing');
  }
}

/** @param {MediaStream | undefined} stream */
const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());
