// The camera and the reader of codes: the browser's own BarcodeDetector, otherwise ZXing, which the product ships.

const EVERY = 160; // milliseconds between two looks
let reader = null;

async function makeReader() {
  if ("BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
    const own = new BarcodeDetector({ formats: ["qr_code"] });
    return async (picture) => (await own.detect(picture))[0]?.rawValue ?? "";
  }
  const { prepareZXingModule, readBarcodes } = await import("../zxing/reader/index.js");
  const address = new URL("../zxing/zxing_reader.wasm", import.meta.url).href;
  prepareZXingModule({ overrides: { locateFile: () => address } });
  return async (picture) => {
    const found = await readBarcodes(pixels(picture), { formats: ["QRCode"], maxNumberOfSymbols: 1 });
    return found[0]?.text ?? "";
  };
}

function pixels(picture) {
  const width = picture.videoWidth ?? picture.width;
  const height = picture.videoHeight ?? picture.height;
  const scale = Math.min(1, 960 / Math.max(width, height, 1));
  const canvas = new OffscreenCanvas(Math.max(1, width * scale), Math.max(1, height * scale));
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return brush.getImageData(0, 0, canvas.width, canvas.height);
}

/** The code in one picture, "" when there is none. */
export async function codeIn(file) {
  reader ??= makeReader();
  return (await reader)(await createImageBitmap(file));
}

/** Look through the camera until `stop` is called; `seen(code)` for every code, once while it stays in view. */
export async function watch(video, seen) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  video.srcObject = stream;
  await video.play();
  reader ??= makeReader();
  const read = await reader;
  let last = "";
  let gone = 0;
  let going = true;
  const look = async () => {
    if (!going) return;
    if (video.readyState >= 2) {
      const code = await read(video).catch(() => "");
      if (code && code !== last) {
        [last, gone] = [code, 0];
        await seen(code);
      } else if (!code && ++gone > 8) last = "";
    }
    setTimeout(look, EVERY);
  };
  look();
  return () => {
    going = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}
